import { setTimeout as pause } from "node:timers/promises";
import { goOnPrompt, runPrompt, runRules } from "../src/schedules/prompt.ts";
import { kindFor, type Targets, targetsOf } from "../src/schedules/targets.ts";
import { decideFiring } from "../src/schedules/firing.ts";
import { attachSkills } from "../src/skills/reading.ts";
import type { ChatKind } from "../src/core/chats.ts";
import { aboutOf, type ErrandTerms } from "../src/core/errand.ts";
import { asFailure } from "../src/core/failures.ts";
import { type JobOutcome, priorities } from "../src/core/queue.ts";
import { laneQueue, runQueue, scheduleClock, scheduleQueue } from "../src/core/schedule.ts";
import { beginErrand } from "../src/store/errands.ts";
import {
  brokenOff,
  fireBatch,
  latestOutputs,
  notePrinted,
  noteRunning,
  noteScript,
  renewRun,
  runKey,
  skipRun,
  type TakenRun,
  takeRun,
  unbegunRuns,
  untilDue,
  waitingRuns,
} from "../src/store/schedule-runs.ts";
import { type Schedule, scheduleById } from "../src/store/schedules.ts";
import { wakeErrand } from "./errands.ts";
import { type Sweeps, upkeepTimes } from "./upkeep.ts";
import { type RunEnd, type ScheduleParts, settleRun } from "./schedule-ends.ts";
import { unwanted, whyGuest, whyLost } from "./schedule-notices.ts";
import { runScript } from "./schedule-scripts.ts";
import { turnQueue } from "./turn-parts.ts";

/** Schedules fired in one statement. */
const batch = 500;
/** Runs without a script are begun in so many lanes, over all workers: a wake for each of ten thousand would take longer than the firing. */
const lanes = 4;
/** Runs that wait for their scripts, in one worker. */
const scriptsAtOnce = 32;
/** The queue is asked to come back at least this often: the record may have been changed by hand. */
const longestWaitMs = 60_000;
/** A run that is being begun belongs to a dead worker after this; renewed while a script runs. */
const beginLeaseMs = 10_000;
const renewMs = 3_000;

export interface ScheduleWorker {
  close(): Promise<void>;
}

/**
 * Fires schedules when their time has come and begins their runs. The record says what is due; the queue only wakes. Closing, scripts get
 * `drainMs` to end.
 */
export async function workSchedules(
  parts: ScheduleParts,
  sweeps: Pick<Sweeps, "add">,
  holder: string,
  drainMs: number,
): Promise<ScheduleWorker> {
  const queue = parts.queues.queue(scheduleQueue);
  const clock = await parts.queues.consume(scheduleQueue, 1, () => fireAll(parts));
  const beginning = await parts.queues.consume(runQueue, scriptsAtOnce, (subject, signal) =>
    beginRun(parts, holder, idIn(subject), signal),
  );
  const going = await parts.queues.consume(laneQueue, lanes, (subject, signal) =>
    workLane(parts, holder, Number(idIn(subject)), signal),
  );
  const sweeping = sweeps.add(
    "schedules",
    ({ schedules }) => schedules,
    () => sweepSchedules(parts),
  );
  await queue.wake(scheduleClock).catch(() => undefined);
  return {
    async close() {
      await sweeping.close();
      const drained = new AbortController();
      const limit = pause(drainMs, undefined, { signal: drained.signal }).catch(() => undefined);
      await Promise.race([Promise.all([clock.drain(), beginning.drain(), going.close()]), limit]);
      drained.abort();
      await Promise.all([clock.close(), beginning.close()]);
    },
  };
}

/** `run:ID`, `lane:2`. */
function idIn(subject: string): string {
  return subject.slice(subject.indexOf(":") + 1);
}

/** Fires all that is due and says when to look again. What is fired is begun by others: that must not hold up the next. */
async function fireAll(parts: Pick<ScheduleParts, "db" | "queues" | "log">): Promise<JobOutcome> {
  const scripts: string[] = [];
  let plain = 0;
  for (let more = true; more;) {
    const fired = await fireBatch(parts.db, batch, (due, now) => decideSafely(parts, due, now));
    more = fired.more;
    scripts.push(...fired.runs.filter(({ script }) => script).map(({ id }) => id));
    plain += fired.runs.filter(({ script }) => !script).length;
  }
  if (plain > 0) await wakeLanes(parts, Math.min(lanes, plain));
  for (const run of scripts) await wakeRuns(parts, `run:${run}`);
  const wait = await untilDue(parts.db);
  return wait === null ? { type: "done" } : { type: "again", afterMs: Math.min(longestWaitMs, Math.max(1, wait)) };
}

type Waking = Pick<ScheduleParts, "queues" | "log">;

async function wakeLanes(parts: Waking, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, lane) => wakeRuns(parts, `lane:${lane}`, laneQueue)));
}

/** A timing that this version can't read must not hold up the others. */
function decideSafely(
  { log }: Pick<ScheduleParts, "log">,
  ...[due, now]: Parameters<typeof decideFiring>
): ReturnType<typeof decideFiring> {
  try {
    return decideFiring(due, now);
  } catch (error) {
    log.error({ error, schedule: due.id }, "a schedule's time can't be read; it has ended");
    return { id: due.id, instants: [], skipped: null, nextAt: null, remaining: due.remaining };
  }
}

async function wakeRuns({ queues, log }: Waking, subject: string, queue = runQueue): Promise<void> {
  await queues
    .queue(queue)
    .wake(subject, { priority: priorities.scheduled })
    .catch((error: unknown) => log.warn({ error }, "the queue can't be reached; the sweeper begins this run"));
}

/** Runs looked at in one statement. */
const lanePage = 50;

/** Begins runs one after another until none waits. */
async function workLane(parts: ScheduleParts, holder: string, lane: number, signal: AbortSignal): Promise<JobOutcome> {
  while (!signal.aborted) {
    const waiting = await waitingRuns(parts.db, lane, lanePage);
    if (waiting.length === 0) break;
    for (const run of waiting) if (!signal.aborted) await beginRun(parts, holder, run, signal);
  }
  return { type: "done" };
}

/** What is due and unfired, and runs that nobody begins: after a wiped Redis, a kill, a lost wake-up. */
async function sweepSchedules(parts: Pick<ScheduleParts, "db" | "queues" | "log">): Promise<void> {
  const outcome = await fireAll(parts);
  if (outcome.type === "again" && outcome.afterMs <= 2 * upkeepTimes.sweepMs) {
    await parts.queues
      .queue(scheduleQueue)
      .wake(scheduleClock, { delayMs: outcome.afterMs })
      .catch(() => undefined);
  }
  const left = await unbegunRuns(parts.db, upkeepTimes.sweepMs);
  const plain = left.filter(({ script, abandoned }) => !script && !abandoned);
  // A lane of a dead worker still counts as active: a wake would wait for it.
  for (const [lane, { id, attempt }] of plain.slice(0, lanes).entries())
    await parts.queues.queue(laneQueue).sweep(`lane:${lane}`, `${id}/${attempt}`);
  for (const { id, attempt, script, abandoned } of left) {
    if (script || abandoned) await parts.queues.queue(runQueue).sweep(`run:${id}`, attempt);
  }
}

async function beginRun(parts: ScheduleParts, holder: string, id: string, signal: AbortSignal): Promise<JobOutcome> {
  const run = await takeRun(parts.db, id, holder, beginLeaseMs);
  if (run === null) return { type: "done" };
  const schedule = await scheduleById(parts.db, run.schedule);
  if (schedule === null) return { type: "done" };
  if (schedule.status === "paused" && run.cause === "clock") {
    await skipRun(parts.db, id);
    return { type: "done" };
  }
  const owner = { person: schedule.person.id, origin: schedule.origin, originKind: schedule.originKind };
  const targets = await targetsOf(parts.db, owner, schedule.deliver);
  const ranAs = kindFor(targets);
  const settle = async (end: RunEnd) => await settleRun(parts, schedule, run.id, end, { ranAs, lateMs: run.lateMs });
  const renewing = setInterval(() => void renewRun(parts.db, id, holder, beginLeaseMs).catch(() => undefined), renewMs);
  try {
    const end = await begin(parts, holder, schedule, run, targets, signal);
    if (end !== null) await settle(end);
  } catch (error) {
    if (signal.aborted) return { type: "done" };
    const failure = asFailure(error);
    if (failure.code === "state.unavailable" || failure.code === "queue.unavailable") throw failure;
    await settle({ type: "failed", code: failure.code, failure: failure.message, output: null });
  } finally {
    clearInterval(renewing);
  }
  return { type: "done" };
}

/** What a run came to without a model; null: its errand is on its way. */
async function begin(
  parts: ScheduleParts,
  holder: string,
  schedule: Schedule,
  run: TakenRun,
  targets: Targets,
  signal: AbortSignal,
): Promise<RunEnd | null> {
  const { db } = parts;
  const kind = kindFor(targets);
  // Several that passed while nothing ran are told of once.
  const occasion = run.cause === "clock" ? String(schedule.nextAt) : run.id;
  if (schedule.person.role === "guest") return await unwanted(parts, schedule, occasion, whyGuest(schedule));
  if (targets.lost.length > 0) return await unwanted(parts, schedule, occasion, whyLost(schedule, targets));
  const broken = await brokenOff(db, run);
  if (broken !== null && broken.kind !== kind) return { type: "failed", code: "schedule.refused", failure: moved, output: null };
  const request = broken === null ? await requestOf(parts, holder, schedule, run, kind, signal) : goOnPrompt;
  if (typeof request !== "string") return request;
  const errand = await beginErrand(db, {
    type: "run",
    key: runKey(run.id, run.attempt),
    person: schedule.person,
    kind,
    home: schedule.originKind === kind ? schedule.origin : null,
    prompt: request,
    ...(broken === null ? {} : { history: broken.session }),
    terms: await termsOf(parts, schedule),
    details: { run: run.id, attempt: run.attempt, schedule: schedule.id, lateMs: Math.round(run.lateMs) },
  });
  await noteRunning(db, run.id, errand.id, kind);
  await wakeErrand({ ...parts, turns: turnQueue }, "run", errand.session);
  return null;
}

/** What a private run has done and read is not for one that others read. */
const moved = "it broke off after it had begun its work, and where it reports to changed meanwhile; run it again";

/** What a run's errand is asked, or what the run came to without one. */
async function requestOf(
  parts: ScheduleParts,
  holder: string,
  schedule: Schedule,
  run: TakenRun,
  kind: ChatKind,
  signal: AbortSignal,
): Promise<string | RunEnd> {
  const { db } = parts;
  const { skills, script, noAgent, contextFrom, continuity } = schedule.work;
  const printed = script === null ? null : await scriptOf(parts, holder, schedule, run, script, signal);
  if (printed !== null && printed.type !== "printed") return printed;
  if (printed !== null && (noAgent || !wakesAgent(printed.text))) {
    const text = noAgent ? printed.text : "";
    return { type: "answered", text, files: [], turn: null };
  }
  const sources = [...contextFrom, ...(continuity ? [schedule.id] : [])];
  const earlier = await latestOutputs(db, schedule.person.id, sources, kind);
  const attached = await attachSkills(db, { person: kind === "private" ? schedule.person.id : null }, skills);
  if (attached.missing.length > 0) {
    const failure =
      `there is no skill ${attached.missing.join(", ")} ${kind === "shared" ? "that a shared chat may see" : ""}`.trim();
    return { type: "failed", code: "schedule.refused", failure, output: null };
  }
  return runPrompt(schedule, {
    skills: attached.text,
    earlier: earlier.map((each) => ({ ...each, own: each.schedule === schedule.id })),
    printed: printed?.text ?? null,
  });
}

async function scriptOf(
  parts: ScheduleParts,
  holder: string,
  schedule: Schedule,
  run: TakenRun,
  script: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof runScript>> | RunEnd> {
  if (run.printed !== null) return { type: "printed", text: run.printed };
  const unknown = "its worker died while the script ran, so nobody knows how far it came; it is not run again";
  const mayBegin = async () => await noteScript(parts.db, run.id, holder);
  const printed = run.scripted ? null : await runScript(parts, schedule, run.id, script, { signal, mayBegin });
  if (printed === null) return { type: "failed", code: "internal", failure: unknown, output: null };
  if (printed.type === "printed") await notePrinted(parts.db, run.id, holder, printed.text);
  return printed;
}

/** The original's last line of a script that has found nothing to do. */
function wakesAgent(printed: string): boolean {
  return !/\{\s*"wakeAgent"\s*:\s*false\s*\}\s*$/.test(printed);
}

async function termsOf(parts: ScheduleParts, { name, prompt }: Schedule): Promise<ErrandTerms> {
  const { fromRuns, timeoutMs } = await parts.rules();
  return {
    label: name,
    about: aboutOf(prompt),
    rules: runRules,
    memory: true,
    only: null,
    without: ["clarify", "messaging", ...(fromRuns ? [] : ["cronjob"])],
    model: null,
    maxSteps: null,
    timeoutMs,
    attended: false,
    depth: 0,
  };
}
