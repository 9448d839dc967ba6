import { join } from "node:path";
import { Failure } from "../../core/failures.ts";
import { pause } from "../../core/pause.ts";
import { logChains } from "../../insights/logs/files.ts";
import { recentEntries } from "../../insights/logs/recent.ts";
import { callControl } from "../../gateway/control-socket.ts";
import { type Context, exits } from "../context.ts";
import { startBackground } from "./background.ts";
import { type Place, refuseForeignHome } from "./place.ts";
import { logNames, readyLine, type ServiceMode } from "./plan.ts";
import { type Standing, standingOf } from "./running.ts";
import { stopService } from "./stop.ts";
import type { Supervisor, UnitState } from "./supervisor.ts";
import { holderWords } from "./words.ts";

/** Starts the installed service, or a process in the background where none is installed. */
export async function startService(context: Context, place: Place, mode: ServiceMode): Promise<void> {
  const now = await standingOf(place, mode);
  if (now.running?.by === "background" && now.installed !== null) {
    context.print("It runs in the background; the service takes over.");
    await stopService(context, place, mode);
  } else if (now.running !== null) return already(context, place, now);
  if (now.installed !== null) return await startInstalled(context, place, mode, now.installed.supervisor);
  await refuseForeignHome(place);
  const { pid, ready } = await startBackground(place, mode);
  context.print(
    ready ? `Started in the background: process ${pid}.` : `Process ${pid} runs in the background, and is still starting.`,
  );
  context.print(
    "It stays until this machine is restarted or `hermes gateway stop`; `hermes gateway install` makes it a service that always comes back.",
  );
  context.print("Its log: hermes logs -f");
}

function already(context: Context, place: Place, now: Standing): void {
  context.print(
    `${now.running?.talks === true ? "Not started, for something has" : "Hermes runs already on"} ${place.home}: ${holderWords(now)}.`,
  );
  if (now.running?.by !== "hand") return;
  const stop = now.running.talks ? "leave that talk (Ctrl-D)" : "hermes gateway stop";
  context.remark(
    now.installed?.state.active === "waiting"
      ? `hermes: It is not the service that runs: ${now.installed.supervisor.unit} waits, and starts once that has ended.`
      : `hermes: It is not the service that runs. To change that: ${stop}, then hermes gateway start`,
  );
  context.exit(exits.held);
}

async function startInstalled(context: Context, place: Place, mode: ServiceMode, supervisor: Supervisor): Promise<void> {
  const obstacle = await supervisor.obstacle();
  if (obstacle !== null)
    throw new Failure("state.unavailable", `${supervisor.unit} is installed. ${obstacle.message}`, { advice: obstacle.advice });
  const began = Date.now();
  await supervisor.start();
  const ready = await readiness(place, mode, supervisor, began);
  const { pid } = await supervisor.state();
  context.print(`Started ${supervisor.unit}${pid === null ? "" : `: process ${pid}`}.${ready ? "" : " It is still starting."}`);
  context.print("Its log: hermes logs -f");
}

/** Waits until it serves. False when that takes too long. */
async function readiness(place: Place, mode: ServiceMode, supervisor: Supervisor, began: number): Promise<boolean> {
  const until = performance.now() + readyMs;
  const stays = steadiness();
  while (performance.now() < until) {
    const state = await supervisor.state();
    if (["failed", "waiting", "stopped"].includes(state.active))
      throw new Failure("state.unavailable", `${supervisor.unit} did not stay: ${await reasonOf(place.home, began, state)}.`, {
        advice: `What it said: hermes logs, or ${supervisor.journal}`,
      });
    if (mode === "all" ? await serves(place.home) : stays(state.pid) || (await saysReady(place.home, mode, began))) return true;
    await pause(lookMs, never);
  }
  return false;
}

/** It says who it is before it has opened its record; the page's address comes when everything has started. */
async function serves(home: string): Promise<boolean> {
  const reply = await callControl(home, { command: "status", args: ["json"] }, answerMs).catch(() => null);
  return reply?.ok === true && /"page":\s*"/.test(reply.text);
}

/** Where its log can't be read, or keeps less, the same process has only to stay for a while. */
function steadiness(): (pid: number | null) => boolean {
  let same: number | null = null;
  let since = 0;
  return (pid) => {
    if (pid !== same) [same, since] = [pid, performance.now()];
    return pid !== null && performance.now() - since > steadyMs;
  };
}

/** One that has no socket of its own says so in its log. */
async function saysReady(home: string, mode: ServiceMode, began: number): Promise<boolean> {
  const chains = await logChains(join(home, "logs"), [logNames[mode]]);
  const lines = await recentEntries(chains, { turn: null, level: null, since: began }, mostLines);
  return lines.some(({ fields }) => String(fields?.["msg"]).startsWith(readyLine));
}

/** What it logged as its error; else how it ended. */
async function reasonOf(home: string, began: number, { why }: UnitState): Promise<string> {
  const chains = await logChains(join(home, "logs"), null);
  const [said] = await recentEntries(chains, { turn: null, level: "error", since: began }, 1);
  const message = said?.fields?.["msg"];
  return [why ?? "it has ended", ...(typeof message === "string" ? [message.replace(/\.$/, "")] : [])].join(": ");
}

const readyMs = 60_000;
const lookMs = 200;
const answerMs = 5_000;
const steadyMs = 5_000;
const mostLines = 1_000;
const never = new AbortController().signal;
