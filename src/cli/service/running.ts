import { callControl, talkWords } from "../../gateway/control-socket.ts";
import { standing } from "./marked-file.ts";
import { backgroundOf } from "./background.ts";
import { identityOf } from "./identity.ts";
import { type Place, supervisorFor } from "./place.ts";
import type { ServiceMode } from "./plan.ts";
import type { Supervisor, UnitState } from "./supervisor.ts";

/** How a mode's service stands on a home. */
export interface Standing {
  readonly mode: ServiceMode;
  /** The installed service; null where none is. */
  readonly installed: { readonly supervisor: Supervisor; readonly state: UnitState; readonly changed: boolean } | null;
  readonly running: Running | null;
}

/** The process that serves, and what keeps it. */
export interface Running {
  /** By the installed service, by `hermes gateway start` without one, or by hand. */
  readonly by: "service" | "background" | "hand";
  /** Null where it doesn't say. */
  readonly pid: number | null;
  readonly startedAt: number | null;
  /** False: it has the home, but does not answer. */
  readonly answers: boolean;
  /** It is `hermes chat` that has the home: nothing is served. */
  readonly talks: boolean;
}

export const serviceModes: readonly ServiceMode[] = ["all", "gateway", "worker"];

/** The installed supervisor of a mode, a user's before the system's. */
export async function installedOf(place: Place, mode: ServiceMode): Promise<{ supervisor: Supervisor; changed: boolean } | null> {
  for (const scope of ["user", "system"] as const) {
    const supervisor = supervisorFor(place, mode, scope);
    const found = supervisor === null ? "missing" : (await standing(supervisor.file).catch(() => unreadable)).state;
    if (supervisor !== null && (found === "own" || found === "changed")) return { supervisor, changed: found === "changed" };
  }
  return null;
}

const unreadable = { state: "missing" } as const;

/** Looks at the unit, the process in the background and the home's socket. */
export async function standingOf(place: Place, mode: ServiceMode): Promise<Standing> {
  const [found, background, holder] = await Promise.all([
    installedOf(place, mode),
    backgroundOf(place.home, mode),
    mode === "all" ? holderOf(place.home) : null,
  ]);
  const installed = found === null ? null : { ...found, state: await found.supervisor.state() };
  const pid = installed?.state.pid ?? null;
  const by = (process: number | null): Running["by"] =>
    process !== null && process === pid ? "service" : process === background?.pid ? "background" : "hand";
  if (holder !== null) {
    // One that is too busy to answer is most likely the one that was started here.
    const process = holder.pid ?? pid ?? background?.pid ?? null;
    return { mode, installed, running: { ...(await running(by(process), process, holder.answers)), talks: holder.talks } };
  }
  if (installed !== null && pid !== null) return { mode, installed, running: await running("service", pid, mode !== "all") };
  if (background !== null) return { mode, installed, running: await running("background", background.pid, mode !== "all") };
  return { mode, installed, running: null };
}

/** Who answers on the home's socket; null when nobody does. */
export async function holderOf(home: string): Promise<Pick<Running, "pid" | "answers" | "talks"> | null> {
  try {
    const reply = await callControl(home, { command: "who", args: [] }, whoMs);
    if (reply === null) return null;
    const number = /process (\d+)/.exec(reply.text)?.[1];
    return { pid: number === undefined ? null : Number(number), answers: true, talks: reply.text.endsWith(talkWords) };
  } catch {
    return { pid: null, answers: false, talks: false };
  }
}

const whoMs = 5_000;

async function running(by: Running["by"], pid: number | null, answers: boolean): Promise<Running> {
  const identity = pid === null ? null : await identityOf(pid);
  return { by, pid, answers, startedAt: identity?.startedAt ?? null, talks: false };
}
