import { join } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { callControl } from "../../gateway/control-socket.ts";
import { type Context, exits } from "../context.ts";
import { fitted } from "../tool-width.ts";
import { diedWords } from "./background.ts";
import { planFor, unitText } from "./install.ts";
import { standing } from "./marked-file.ts";
import type { Place } from "./place.ts";
import type { ServiceMode } from "./plan.ts";
import { type Standing, standingOf } from "./running.ts";
import { holderWords, modeWords } from "./words.ts";

/** How the service stands: as lines, or as JSON. The exit status tells it, too: 0 when it runs and answers. */
export async function showService(context: Context, place: Place, modes: readonly ServiceMode[], json: boolean): Promise<void> {
  const all = await Promise.all(modes.map(async (mode) => await factsOf(place, mode)));
  if (json) context.print(JSON.stringify(all.length === 1 ? all[0] : all, null, 2));
  else
    for (const [at, facts] of all.entries())
      for (const line of lines(facts, at)) for (const each of fitted(context, line, 10)) context.print(each);
  context.exit(Math.max(...all.map(({ exit }) => exit)));
}

interface Facts {
  readonly mode: ServiceMode;
  readonly running: boolean;
  readonly state: string;
  readonly by: string | null;
  readonly pid: number | null;
  readonly since: string | null;
  readonly held: string;
  readonly unit: {
    name: string;
    file: string;
    state: string;
    enabled: boolean | null;
    restarts: number;
    why: string | null;
  } | null;
  readonly work: string | null;
  readonly home: string;
  readonly logs: string;
  readonly remarks: readonly string[];
  readonly exit: number;
}

async function factsOf(place: Place, mode: ServiceMode): Promise<Facts> {
  const now = await standingOf(place, mode);
  const { running } = now;
  const serves = running !== null && !running.talks;
  return {
    mode,
    running: serves,
    state: stateOf(now),
    by: running?.by ?? null,
    pid: running?.pid ?? null,
    since: sinceOf(running),
    held: holderWords(now),
    unit: unitFacts(now),
    work: serves && mode === "all" ? await workOn(place.home) : null,
    home: place.home,
    logs: join(place.home, "logs"),
    remarks: await remarksOn(place, now),
    exit: serves && running.answers ? exits.ok : serves || hasFailed(now) ? exits.failure : stopped,
  };
}

function sinceOf(running: Standing["running"]): string | null {
  const at = running?.startedAt ?? null;
  return at === null ? null : new Date(at).toISOString();
}

function unitFacts({ installed }: Standing): Facts["unit"] {
  if (installed === null) return null;
  const { supervisor, state } = installed;
  const { active, enabled, restarts, why } = state;
  return { name: supervisor.unit, file: supervisor.file, state: active, enabled, restarts, why };
}

/** As the LSB has it for `status`: 3 is not running. */
const stopped = 3;

function stateOf({ running, installed }: Standing): string {
  if (running !== null && !running.talks) return running.answers ? "running" : "running, but not answering";
  return hasFailed({ installed }) ? "failed" : "stopped";
}

function hasFailed({ installed }: Pick<Standing, "installed">): boolean {
  return installed?.state.active === "failed" || installed?.state.active === "waiting";
}

async function workOn(home: string): Promise<string | null> {
  const reply = await callControl(home, { command: "status", args: [] }, answerMs).catch(() => null);
  return reply?.text.split("\n").find((line) => line.startsWith("Turns: ")) ?? null;
}

const answerMs = 3_000;

async function remarksOn(place: Place, now: Standing): Promise<readonly string[]> {
  const { mode, installed, running } = now;
  if (running?.talks === true) return [`The home is in use by ${holderWords(now)}. Nothing is served until it is left.`];
  if (installed === null && running !== null) return [];
  const died = running === null ? await diedWords(place.home, mode) : null;
  if (installed === null) return [...(died === null ? [] : [died]), "No service is installed: hermes gateway install"];
  const { supervisor, state, changed } = installed;
  const remarks: string[] = [];
  if (changed) remarks.push(`${supervisor.file} was changed by hand; changes stay in: ${supervisor.editing}`);
  else if (await outdated(place, mode, installed))
    remarks.push("The service is not what would be installed now (hermes gateway install).");
  if (state.enabled === false) remarks.push("It does not start by itself: hermes gateway install");
  const obstacle = running === null ? await supervisor.obstacle() : null;
  if (obstacle !== null) remarks.push(`${obstacle.message} ${obstacle.advice}`);
  if (hasFailed({ installed })) remarks.push(`What it said: hermes logs, or ${supervisor.journal}`);
  return [...remarks, ...(await supervisor.remarks())];
}

/** The environment is that of the shell it was installed from: it may differ. */
async function outdated(place: Place, mode: ServiceMode, { supervisor }: NonNullable<Standing["installed"]>): Promise<boolean> {
  if (supervisor.kind !== "systemd") return false;
  const found = await standing(supervisor.file);
  const user = found.state === "missing" ? null : (/^User=(.+)$/m.exec(found.text)?.[1] ?? null);
  const account = user === null ? null : { name: user, uid: 0, gid: 0, home: place.usualHome };
  const loaded = await loadConfig({ env: place.env, home: place.home });
  const settled = (text: string): string => text.replaceAll(/^(?:Environment=|# ).*\n/gm, "");
  return (
    found.state === "own" &&
    settled(found.text) !== settled(unitText(supervisor, planFor({ ...place, account }, mode, supervisor, loaded)))
  );
}

function lines(facts: Facts, at: number): readonly string[] {
  const { unit } = facts;
  const started = unit?.enabled === true ? ", starts by itself" : "";
  const again =
    unit === null || unit.restarts === 0 ? "" : `, restarted ${unit.restarts} ${unit.restarts === 1 ? "time" : "times"}`;
  const why = unit === null || unit.why === null ? "" : ` (${unit.why})`;
  return [
    ...(at === 0 ? [] : [""]),
    `${facts.state.padEnd(9)} ${modeWords[facts.mode]}${facts.running ? `: ${facts.held}` : ""}`,
    ...(unit === null
      ? []
      : [
          `service   ${unit.name}, ${unit.state === "waiting" ? "waits to be started again" : unit.state}${why}${started}${again}`,
        ]),
    ...(facts.work === null ? [] : [`work      ${facts.work}`]),
    `home      ${facts.home}`,
    `log       ${facts.logs} (hermes logs -f)`,
    ...facts.remarks.map((remark) => `note      ${remark}`),
  ];
}
