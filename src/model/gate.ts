import { remember } from "../core/maps.ts";
import { type Caller, urgencies } from "../core/model.ts";

/** Who is not named counts as one person who waits for an answer. */
const nobody: Caller = { person: "", session: null, urgency: "interactive" };

/** A place at the server. `leave` gives it to the next; more than once does no harm. */
export interface Pass {
  readonly waitedMs: number;
  leave(): void;
}

/** What a person who waits is told. When the wait is over, once more with zeros if anything was told before. */
export interface QueuePlace {
  readonly type: "queued";
  readonly ahead: number;
  readonly waitMs: number | null;
}

/** Lets as many requests to a server as it works on at once, and is fair about who comes next. */
export interface Gate {
  /** Waits for a place, telling how long it may take; returns null when the signal fired first. */
  enter(caller: Caller | undefined, signal: AbortSignal): AsyncGenerator<QueuePlace, Pass | null>;
  readonly running: number;
  readonly waiting: number;
}

export interface GateOptions {
  /** How many at once, asked anew each time: what a server tells, and how many processes share it, changes. */
  size(): number;
  /** After how long somebody who waits is told the first time, and how often at most after that. */
  readonly firstMs: number;
  readonly everyMs: number;
  now?(): number;
}

interface Waiter {
  readonly caller: Caller;
  readonly since: number;
  readonly order: number;
  readonly settle: (pass: Pass | null) => void;
}

interface State {
  readonly options: Required<GateOptions>;
  waiters: Waiter[];
  running: number;
  /** Running ones that nobody watches. */
  background: number;
  readonly runningOf: Map<string, number>;
  /** When a person was last let in, as a running number. */
  readonly servedAt: Map<string, number>;
  /** When a session last had a place: its prompt is still in the server's cache. */
  readonly warm: Map<string, number>;
  count: number;
  meanMs: number | null;
  /** Who comes after how many, as it was played out at a time; null: somebody has come or gone since. */
  played: { readonly at: number; readonly places: ReadonlyMap<Waiter, number> } | null;
}

/** A gate for one server. */
export function newGate(options: GateOptions): Gate {
  const state: State = {
    options: { now: () => performance.now(), ...options },
    waiters: [],
    running: 0,
    background: 0,
    runningOf: new Map(),
    servedAt: new Map(),
    warm: new Map(),
    count: 0,
    meanMs: null,
    played: null,
  };
  return {
    enter: (caller = nobody, signal) => enter(state, caller, signal),
    get running() {
      return state.running;
    },
    get waiting() {
      return state.waiters.length;
    },
  };
}

async function* enter(state: State, caller: Caller, signal: AbortSignal): AsyncGenerator<QueuePlace, Pass | null> {
  if (signal.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<Pass | null>();
  const settled: { pass: Pass | null; over: boolean; handed: boolean } = { pass: null, over: false, handed: false };
  const settle = (pass: Pass | null): void => {
    Object.assign(settled, { pass, over: true });
    resolve(pass);
  };
  const waiter: Waiter = { caller, since: state.options.now(), order: state.count++, settle };
  const abort = (): void => leaveQueue(state, waiter);
  state.waiters.push(waiter);
  state.played = null;
  admit(state);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (!settled.over) yield* tellPlaces(state, waiter, settled, promise);
    settled.handed = true;
    return settled.pass;
  } finally {
    signal.removeEventListener("abort", abort);
    // The reader went away while it was being told something.
    if (!settled.handed) {
      leaveQueue(state, waiter);
      settled.pass?.leave();
    }
  }
}

async function* tellPlaces(
  state: State,
  waiter: Waiter,
  settled: { readonly over: boolean; readonly pass: Pass | null },
  promise: Promise<unknown>,
): AsyncGenerator<QueuePlace, void> {
  const { firstMs, everyMs } = state.options;
  let told: number | null = null;
  for (let pauseMs = firstMs; ; pauseMs = everyMs) {
    await either(promise, pauseMs);
    // What a server tells of itself may have changed while nobody left.
    if (!settled.over) admit(state);
    if (settled.over) break;
    const ahead = placeOf(state, waiter);
    if (ahead === told) continue;
    told = ahead;
    yield { type: "queued", ahead, waitMs: expectedMs(state, ahead) };
  }
  if (told !== null && settled.pass !== null) yield { type: "queued", ahead: 0, waitMs: 0 };
}

async function either(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, time]);
  if (timer !== null) clearTimeout(timer);
}

function leaveQueue(state: State, waiter: Waiter): void {
  const at = state.waiters.indexOf(waiter);
  if (at < 0) return;
  state.waiters.splice(at, 1);
  state.played = null;
  waiter.settle(null);
}

/** Lets in as many as there is room for, the most deserving first. */
function admit(state: State): void {
  for (;;) {
    if (state.running >= sizeOf(state)) return;
    const next = best(state, state.waiters, state, roomBehind(state), state.options.now());
    if (next === null) return;
    state.waiters.splice(state.waiters.indexOf(next), 1);
    next.settle(letIn(state, next));
  }
}

function letIn(state: State, { caller, since }: Waiter): Pass {
  const { person, session } = caller;
  const began = state.options.now();
  const unwatched = caller.urgency === "interactive" ? 0 : 1;
  count(state.runningOf, person, 1);
  remember(state.servedAt, person, state.count++, mostRemembered);
  state.running += 1;
  state.background += unwatched;
  state.played = null;
  let left = false;
  const leave = (): void => {
    if (left) return;
    left = true;
    const now = state.options.now();
    count(state.runningOf, person, -1);
    state.running -= 1;
    state.background -= unwatched;
    state.played = null;
    state.meanMs = mean(state.meanMs, now - began);
    if (session !== null) remember(state.warm, session, now, mostRemembered);
    admit(state);
  };
  return { waitedMs: Math.round(began - since), leave };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}

/** More persons or sessions than a team has: the longest unused are forgotten. */
const mostRemembered = 5_000;

/** A moving mean in which the last ten or so count. */
function mean(before: number | null, value: number): number {
  return before === null ? value : before + (value - before) * 0.1;
}

function sizeOf(state: State): number {
  return Math.max(1, Math.floor(state.options.size()));
}

/** Whether one more that nobody watches may enter: where there are two places or more, one is kept for those who wait for an answer. */
function roomBehind(state: State): boolean {
  return state.background < Math.max(1, sizeOf(state) - 1);
}

/** What the order of the waiting depends on; a copy of it plays out who comes when. */
type Counts = Pick<State, "runningOf" | "servedAt">;

/** The next to be let in, or null when nobody may enter. */
function best(state: State, waiters: Iterable<Waiter>, counts: Counts, behind: boolean, now: number): Waiter | null {
  let found: Waiter | null = null;
  for (const waiter of waiters) {
    if (!behind && waiter.caller.urgency !== "interactive") continue;
    if (found === null || before(state, counts, now, waiter, found)) found = waiter;
  }
  return found;
}

/** Each such wait counts as one step more urgent, so that nothing waits forever. */
const agingMs = 30_000;
/** How long a session's prompt is worth preferring it to its person's other ones. */
const warmMs = 30_000;

/** Urgency first; then whose person has the fewest running, then who was served the longest ago; then a warm cache; then who came first. */
function before(state: State, { runningOf, servedAt }: Counts, now: number, a: Waiter, b: Waiter): boolean {
  const urgent = rank(a, now) - rank(b, now);
  if (urgent !== 0) return urgent < 0;
  if (a.caller.person !== b.caller.person) {
    const busy = (runningOf.get(a.caller.person) ?? 0) - (runningOf.get(b.caller.person) ?? 0);
    if (busy !== 0) return busy < 0;
    const served = (servedAt.get(a.caller.person) ?? -1) - (servedAt.get(b.caller.person) ?? -1);
    if (served !== 0) return served < 0;
  }
  const warm = Number(isWarm(state, b, now)) - Number(isWarm(state, a, now));
  // Not for ever: who has waited long goes in the order of arrival.
  const patient = now - Math.min(a.since, b.since) < agingMs;
  return warm !== 0 && patient ? warm < 0 : a.order < b.order;
}

function rank({ caller, since }: Waiter, now: number): number {
  return Math.max(0, urgencies.indexOf(caller.urgency) - Math.floor((now - since) / agingMs));
}

function isWarm(state: State, { caller }: Waiter, now: number): boolean {
  return caller.session !== null && now - (state.warm.get(caller.session) ?? -Infinity) < warmMs;
}

/** How many of those who wait will be let in before this one, if nobody else comes. Played out once for all of them. */
function placeOf(state: State, waiter: Waiter): number {
  const { now, everyMs } = state.options;
  if (state.played === null || now() - state.played.at >= everyMs) {
    const places = playedOut(state, now());
    state.played = { at: now(), places };
  }
  return state.played.places.get(waiter) ?? 0;
}

/** Of each person only the next can be the next of all: among one person's own nothing changes while it is played out. */
function playedOut(state: State, now: number): ReadonlyMap<Waiter, number> {
  const counts: Counts = { runningOf: new Map(state.runningOf), servedAt: new Map(state.servedAt) };
  const places = new Map<Waiter, number>();
  const nexts = new Map<Waiter, Iterator<Waiter>>();
  const stepUp = (line: Iterator<Waiter>): void => {
    const { done, value } = line.next();
    if (done !== true) nexts.set(value, line);
  };
  for (const line of Map.groupBy(state.waiters, ({ caller }) => caller.person).values()) {
    stepUp(line.toSorted((a, b) => (before(state, counts, now, a, b) ? -1 : 1)).values());
  }
  for (;;) {
    const next = best(state, nexts.keys(), counts, true, now);
    const line = next === null ? undefined : nexts.get(next);
    if (next === null || line === undefined) return places;
    nexts.delete(next);
    count(counts.runningOf, next.caller.person, 1);
    counts.servedAt.set(next.caller.person, state.count + places.size);
    places.set(next, places.size);
    stepUp(line);
  }
}

function expectedMs(state: State, ahead: number): number | null {
  return state.meanMs === null ? null : Math.round((state.meanMs * (ahead + 1)) / sizeOf(state));
}
