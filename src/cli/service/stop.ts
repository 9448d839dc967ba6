import { loadConfig } from "../../config/load.ts";
import { Failure } from "../../core/failures.ts";
import { pause } from "../../core/pause.ts";
import { callControl } from "../../gateway/control-socket.ts";
import type { Context } from "../context.ts";
import { backgroundOf, forgetBackground } from "./background.ts";
import { identityOf } from "./identity.ts";
import type { Place } from "./place.ts";
import { type ServiceMode, stopWaitMs } from "./plan.ts";
import { holderOf, type Standing, standingOf } from "./running.ts";
import type { Supervisor } from "./supervisor.ts";
import { spanWords } from "./words.ts";

/**
 * Stops what runs, whoever has started it: running turns get their time. False when nothing ran. `again`: it is to be started again after
 * this, so a service that waits for the home to be free is left to it.
 */
export async function stopService(context: Context, place: Place, mode: ServiceMode, { again = false } = {}): Promise<boolean> {
  const now = await standingOf(place, mode);
  const active = now.installed !== null && now.installed.state.active !== "stopped";
  if (now.running === null && !active) {
    context.print(`Hermes does not run on ${place.home}.`);
    return false;
  }
  const { config } = await loadConfig({ env: place.env, home: place.home });
  const { drainTimeout } = config.agent;
  const withinMs = stopWaitMs(drainTimeout);
  const waiting = waitingFor(now);
  if (waiting !== null && !again) {
    await waiting.stop(withinMs);
    context.print(`Stopped ${waiting.unit}, which waited for the home to be free.`);
  }
  if (now.running?.talks === false)
    context.print(`Stopping: running turns get up to ${drainTimeout} s, and are gone on with after the next start.`);
  const began = performance.now();
  await askToStop(place, now, withinMs, again ? waiting : null);
  await gone(place, now, withinMs - (performance.now() - began));
  await forgetBackground(place.home, mode);
  context.print(now.running === null ? "Stopped." : `Stopped after ${spanWords(performance.now() - began)}.`);
  return true;
}

/** The service, if it is tried again and again while another process has the home: it would take the home as soon as that one has ended. */
function waitingFor({ installed, running }: Standing): Supervisor | null {
  if (installed === null || running === null || running.by === "service") return null;
  return ["waiting", "starting", "running"].includes(installed.state.active) ? installed.supervisor : null;
}

const lookMs = 100;
const never = new AbortController().signal;

/** Nobody is signalled whose number alone is known: the supervisor knows its own, a note has the process's start, others are asked. */
async function askToStop(
  place: Place,
  { mode, installed, running }: Standing,
  withinMs: number,
  next: Supervisor | null,
): Promise<void> {
  if (installed !== null && (running === null || running.by === "service")) return await installed.supervisor.stop(withinMs);
  const background = await backgroundOf(place.home, mode);
  if (running?.by === "background" && background !== null) return signal(background.pid);
  const reply = await callControl(place.home, { command: "stop", args: [] }).catch(() => null);
  if (reply?.ok === true) return;
  const process = running?.pid === null || running === null ? "It" : `Process ${running.pid}`;
  throw new Failure(
    "state.unavailable",
    `${process} was started by hand and does not stop when asked${reply === null ? "" : `: ${reply.text}`}`,
    {
      // A talk at a terminal is the one that answers and stays.
      advice: `End it where it was started, with ${reply === null ? "Ctrl-C" : "Ctrl-D"}.${next === null ? "" : ` ${next.unit} starts by itself then.`}`,
    },
  );
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH") return;
    throw new Failure("state.unavailable", `Process ${pid} belongs to another account.`, {
      advice: "Stop it as that account.",
      cause: thrown,
    });
  }
}

/** Waits until neither the process nor its socket is there. */
async function gone(place: Place, { mode, installed, running }: Standing, withinMs: number): Promise<void> {
  const pid = running?.pid ?? null;
  const before = pid === null ? null : await identityOf(pid);
  const until = performance.now() + Math.max(withinMs, lookMs);
  while (performance.now() < until) {
    // A supervisor has seen its own process end.
    const same =
      running?.by === "service"
        ? ((await installed?.supervisor.state())?.pid ?? null) !== null
        : pid !== null && before !== null && (await identityOf(pid))?.key === before.key;
    if (!same && (mode !== "all" || (await holderOf(place.home)) === null)) return;
    await pause(lookMs, never);
  }
  throw new Failure("state.unavailable", `${pid === null ? "It" : `Process ${pid}`} has not ended in ${spanWords(withinMs)}.`, {
    advice:
      pid === null
        ? "See: hermes gateway status"
        : `What it does: hermes logs. To end it at once, whatever it does: kill -9 ${pid}`,
  });
}
