import type { Db } from "../../store/hold.ts";
import { backlog } from "../../store/status.ts";
import { workersAlive } from "../../store/workers.ts";
import { storedFacts } from "../facts.ts";

/** What a running service says of itself. */
export interface ServiceAbout {
  readonly version: string;
  readonly pid: number;
  readonly upSeconds: number;
  /** The local page's address with its token, for whoever may open the home's socket; null before it is there. */
  readonly page: string | null;
  /** It is a talk at a terminal, which serves nobody else. */
  readonly talk?: true;
}

/** `status`, as lines or (with `json`) as JSON. `about` is null where no service runs. */
export async function statusControl(
  db: Db,
  about: ServiceAbout | null,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const [work, workers, { model, server, sandbox }] = await Promise.all([backlog(db), workersAlive(db), storedFacts(db)]);
  const running = (about !== null && about.talk !== true) || workers > 0;
  if (args[0] === "json")
    return { ok: true, text: JSON.stringify({ running, ...about, workers, model, server, sandbox, work }, null, 2) };
  const counted = `Turns: ${work.running} running, ${work.waiting} waiting. Undelivered: ${work.undelivered}. Unrouted: ${work.unrouted}.`;
  if (about === null) return { ok: true, text: `${elsewhere(workers)}\n${counted}` };
  const { version, pid, upSeconds, page } = about;
  const lines = [
    about.talk === true
      ? `Not running: a talk at a terminal has this home (process ${pid}, for ${span(upSeconds)}), and no chat platform is served.`
      : `Hermes Team ${version} is running, process ${pid}, up ${span(upSeconds)}.`,
    counted,
    `Model: ${model} at ${server}. Sandbox: ${sandbox}.`,
    ...(page === null ? [] : [`Page: ${page}`]),
  ];
  return { ok: true, text: lines.join("\n") };
}

/** Processes that share Redis and Postgres are known by the record alone. */
function elsewhere(workers: number): string {
  if (workers === 0) return "Not running. Start it with: hermes start";
  return `No service runs on this home. ${workers === 1 ? "A worker is" : `${workers} workers are`} at work on its record.`;
}

/** In the two largest units. */
function span(seconds: number): string {
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.round(seconds) % 60} s` : `${Math.round(seconds)} s`;
}
