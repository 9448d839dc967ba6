import type { ServiceMode } from "./plan.ts";
import type { Standing } from "./running.ts";

/** What a mode runs, for a person. */
export const modeWords: Readonly<Record<ServiceMode, string>> = {
  all: "everything in one process",
  gateway: "the chat platforms",
  worker: "a worker",
};

/** Who keeps the process that runs. */
function keeperWords({ running, installed }: Standing): string {
  switch (running?.by) {
    case "service":
      return installed?.supervisor.unit ?? "the service";
    case "background":
      return "in the background, by `hermes gateway start`";
    case "hand":
      return running.talks ? "a talk at a terminal" : "started by hand";
    case undefined:
      return "";
  }
}

/** `3 d 4 h`, `12 min`, `8 s`. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

/** Who has the home, on one line. */
export function holderWords(standing: Standing, now = Date.now()): string {
  const { running } = standing;
  if (running === null) return "not running";
  const process = running.pid === null ? "a process that does not say its number" : `process ${running.pid}`;
  const since = running.startedAt === null ? "" : `, up ${spanWords(now - running.startedAt)}`;
  return `${process}${since} (${keeperWords(standing)})`;
}
