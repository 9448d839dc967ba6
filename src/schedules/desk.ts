import type { Failure } from "../core/failures.ts";
import { threatsIn } from "../core/threats.ts";
import type { ScheduleAsker, ScheduleRules, ScheduleWish, ScheduleWork } from "../core/schedule.ts";
import type { Db } from "../store/hold.ts";
import { personSettings } from "../store/person-settings.ts";
import { addRun } from "../store/schedule-runs.ts";
import {
  addSchedule,
  changedWork,
  changeSchedule,
  listSchedules,
  type NewSchedule,
  recordNow,
  removeSchedule,
  saveDraft,
  type Schedule,
  type ScheduleChange,
  scheduleById,
  scheduleByNumber,
  type ScheduleViewer,
} from "../store/schedules.ts";
import { keepEdit, saveEdit, takeEdit } from "../store/schedule-edits.ts";
import type { Timing } from "../core/timing.ts";
import { refused } from "./cron-expression.ts";
import type { Speaking } from "./day-times.ts";
import { nextInstant, nextInstants } from "./next.ts";
import { storedTargets } from "./targets.ts";
import { parseTiming } from "./times.ts";
import { nameIn } from "./wishes.ts";
import { zoneOf } from "./zones.ts";

/** What schedules are made and changed with. */
export interface DeskParts {
  readonly db: Db;
  rules(): Promise<ScheduleRules>;
  /** Says on the queue that something may be due: a run's id, or null for the clock. */
  wake(run: string | null): Promise<void>;
}

const longestName = 60;
const longestPrompt = 10_000;
const longestScript = 20_000;
/** What of one schedule is shown before it is saved. */
const shownInstants = 3;

/** A wish that has been checked, with its next instants. */
export interface Planned {
  readonly schedule: NewSchedule;
  readonly next: readonly number[];
}

/** The zone that somebody's times are in: as they say, as they have picked, as configured. */
export async function speakingFor(parts: DeskParts, asker: ScheduleAsker, zone: string | null): Promise<Speaking> {
  const [{ timezone }, { zone: usual }, now] = await Promise.all([
    personSettings(parts.db, asker.person.id),
    parts.rules(),
    recordNow(parts.db),
  ]);
  return { zone: zoneOf(zone ?? timezone ?? usual), now };
}

/** Checks a wish. Throws a refusal in words. */
export async function plan(parts: DeskParts, asker: ScheduleAsker, wish: ScheduleWish): Promise<Planned> {
  await refuseRuns(parts, asker);
  const speaking = await speakingFor(parts, asker, wish.zone);
  const timing = parseTiming(wish.time, speaking);
  const next = nextInstants(timing, speaking.now, shownInstants);
  const { prompt, script, noAgent } = wish;
  if (noAgent && script === null) throw refused("Without an agent there must be a script: say what it is with --script.");
  if (prompt.trim() === "" && !noAgent) throw refused("What is to be done then? Write it behind the time.");
  checkTexts(prompt, script);
  const owner = { person: asker.person.id, origin: asker.chat, originKind: asker.kind };
  const contextFrom = await Promise.all(wish.contextFrom.map((which) => idOf(parts, asker, which)));
  const schedule: NewSchedule = {
    person: asker.person.id,
    name: nameFor(wish.name, prompt === "" ? (script ?? "") : prompt),
    prompt,
    said: wish.time.trim(),
    timing,
    deliver: await storedTargets(parts.db, owner, wish.deliver),
    origin: asker.chat,
    originKind: asker.kind,
    work: { skills: wish.skills, script, noAgent, contextFrom, continuity: wish.continuity },
    missed: wish.missed,
    remaining: wish.repeat,
    nextAt: next[0] ?? null,
  };
  return { schedule, next };
}

function checkTexts(prompt: string, script: string | null): void {
  if (prompt.length > longestPrompt) throw refused(`A schedule's request has ${longestPrompt} characters at most.`);
  if ((script?.length ?? 0) > longestScript) throw refused(`A schedule's script has ${longestScript} characters at most.`);
  const threat = threatsIn(prompt).find(({ grade }) => grade === "high");
  if (threat !== undefined) throw refused(`That request can't be kept: it ${threat.what}.`);
}

async function refuseRuns(parts: DeskParts, { inRun, person }: ScheduleAsker): Promise<void> {
  if (person.role === "guest") throw refused("Guests have no schedules.");
  if (inRun && !(await parts.rules()).fromRuns)
    throw refused("A schedule's run makes and changes no schedules (cron.allow_agent_scheduling).");
}

/** A short name of its own, or the beginning of the request. */
function nameFor(name: string | null, prompt: string): string {
  const line = (name ?? prompt).replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  if (name !== null && (line === "" || line.length > longestName || /^\d+$/.test(line)))
    throw refused(`A name has 1 to ${longestName} characters and is no number.`);
  if (line === "") return "schedule";
  const short =
    line.length <= 40
      ? line
      : line
          .slice(0, 40)
          .replace(/\s+\S*$/, "")
          .toWellFormed();
  return name === null ? (/^\d+$/.test(short) ? `schedule ${short}` : short) : line;
}

/** Keeps a draft, or at once the schedule; its number. */
export async function keep(parts: DeskParts, { schedule }: Planned, status: "draft" | "active"): Promise<Schedule> {
  const { mostPerPerson } = await parts.rules();
  const made = await addSchedule(parts.db, schedule, status, mostPerPerson);
  if (made === null) throw refused(`You have ${mostPerPerson} schedules already. Remove one first: /cron list.`);
  if (status === "active") await parts.wake(null);
  return await found(parts.db, made.id);
}

/**
 * A draft, or (with which of them, if that is said) a change of a schedule that somebody has said yes to; its time is read afresh, since a
 * while may have passed.
 */
export async function confirm(
  parts: DeskParts,
  asker: ScheduleAsker,
  number: number,
  token: string | null = null,
): Promise<Schedule> {
  const draft = await scheduleByNumber(parts.db, viewerOf(asker), number);
  if (draft === null || (draft.status === "draft" && draft.person.id !== asker.person.id))
    throw refused("There is nothing of yours to be saved under that number.");
  const now = await recordNow(parts.db);
  const nextOf = (timing: Timing) => {
    const next = nextInstant(timing, now);
    if (next === null) throw refused("Its time has passed meanwhile. Ask for it again.");
    return next;
  };
  if (draft.status === "draft") {
    const id = await saveDraft(parts.db, asker.person.id, number, nextOf(draft.timing));
    if (id === null) throw refused("It has been saved or dropped already.");
  } else {
    await changeable(parts.db, asker, String(number));
    const of = { schedule: draft.id, person: asker.person.id };
    const made = await saveEdit(parts.db, of, token, ({ status: _, nextAt: __, ...change }, schedule) => {
      if (schedule.remaining === 0 && change.remaining === undefined) throw ranOut(schedule);
      const { timing = schedule.timing } = change;
      return { ...change, ...(schedule.status === "paused" ? {} : { status: "active", nextAt: nextOf(timing) }) };
    });
    if (!made) throw waitsNoMore(draft, token);
  }
  await parts.wake(null);
  return await found(parts.db, draft.id);
}

function waitsNoMore({ name, number }: Schedule, token: string | null): Failure {
  if (token === null) return refused(`${name} is saved already, and no change of it waits.`);
  return refused(
    `That change of ${name} waits no more: it has been saved or dropped, another one was asked for after it, or it was too long ago. /cron show ${number} shows how it is now, /cron edit ${number} … asks for a change again.`,
  );
}

function ranOut({ name }: Schedule): Failure {
  return refused(`${name} has run as often as it was to. Say --repeat too: how often from now on, or 0 for no end.`);
}

/** Drops a draft, or a change of a schedule that waits. */
export async function dropDraft(
  parts: DeskParts,
  asker: ScheduleAsker,
  number: number,
  token: string | null = null,
): Promise<void> {
  const draft = await scheduleByNumber(parts.db, viewerOf(asker), number);
  if (draft === null) return;
  if (draft.status !== "draft") await takeEdit(parts.db, { schedule: draft.id, person: asker.person.id }, token);
  else if (draft.person.id === asker.person.id) await removeSchedule(parts.db, draft.id);
}

async function found(db: Db, id: string): Promise<Schedule> {
  const schedule = await scheduleById(db, id);
  if (schedule === null) throw refused("It is gone.");
  return schedule;
}

/** What this asker sees: at the command line everything. */
export function viewerOf({ person, chat, kind }: ScheduleAsker): ScheduleViewer {
  return chat === null ? null : { person: person.id, chat, kind };
}

/** A schedule by its number, its name or the only beginning of one that fits. */
export async function pick(db: Db, viewer: ScheduleViewer, which: string): Promise<Schedule> {
  const word = nameIn(which).replace(/^#/, "");
  if (word === "") throw refused("Which one? /cron list shows them with their numbers.");
  const all = await listSchedules(db, viewer);
  const lower = word.toLowerCase();
  const exact = all.filter(({ number, name }) => String(number) === word || name.toLowerCase() === lower);
  const close = exact.length > 0 ? exact : all.filter(({ name }) => name.toLowerCase().startsWith(lower));
  const [first, second] = close;
  if (first === undefined) throw refused(`There is no schedule "${word.slice(0, 60)}" here. /cron list shows them.`);
  if (second !== undefined)
    throw refused(`"${word.slice(0, 60)}" fits ${close.map(({ name, number }) => `${name} (${number})`).join(", ")}.`);
  return first;
}

/** One that the asker may change: their own, in a shared chat an admin also others'. */
async function owned(db: Db, asker: ScheduleAsker, which: string): Promise<Schedule> {
  const schedule = await pick(db, viewerOf(asker), which);
  const rules = asker.person.role === "owner" || asker.person.role === "admin";
  if (schedule.person.id !== asker.person.id && !rules) throw refused(`${schedule.name} is ${schedule.person.name}'s.`);
  return schedule;
}

export type Verb = "pause" | "resume" | "run" | "remove";

/** Pauses, lets go on, runs now or removes a schedule; says what it did. */
export async function act(parts: DeskParts, asker: ScheduleAsker, verb: Verb, which: string): Promise<Schedule> {
  await refuseRuns(parts, asker);
  const schedule = await owned(parts.db, asker, which);
  switch (verb) {
    case "pause":
      await changeSchedule(parts.db, schedule.id, { status: "paused", why: null });
      break;
    case "resume":
      await resume(parts, schedule);
      break;
    case "run":
      await parts.wake(await addRun(parts.db, schedule.id));
      break;
    case "remove":
      await removeSchedule(parts.db, schedule.id);
      return schedule;
  }
  return await found(parts.db, schedule.id);
}

/** It goes on with its next instant; what passed meanwhile stays passed. */
async function resume(parts: DeskParts, schedule: Schedule): Promise<void> {
  const next = nextInstant(schedule.timing, await recordNow(parts.db));
  if (next === null || schedule.remaining === 0)
    throw refused(`${schedule.name} has run for the last time. /cron edit ${schedule.number} --time … gives it a new one.`);
  await changeSchedule(parts.db, schedule.id, { status: "active", why: null, nextAt: next });
  await parts.wake(null);
}

/** Changes what is said of it, the rest stays. */
export async function edit(
  parts: DeskParts,
  asker: ScheduleAsker,
  which: string,
  wish: Partial<ScheduleWish>,
): Promise<{ readonly schedule: Schedule; readonly next: readonly number[] }> {
  const { schedule, change, next } = await planEdit(parts, asker, which, wish);
  await changeSchedule(parts.db, schedule.id, change);
  await parts.wake(null);
  return { schedule: await found(parts.db, schedule.id), next };
}

/** Keeps a change until somebody says yes; the schedule as it would be, with its next instants. */
export async function propose(
  parts: DeskParts,
  asker: ScheduleAsker,
  which: string,
  wish: Partial<ScheduleWish>,
): Promise<{ readonly schedule: Schedule; readonly next: readonly number[]; readonly token: string }> {
  const { schedule, change, next } = await planEdit(parts, asker, which, wish);
  const token = await keepEdit(parts.db, { schedule: schedule.id, person: asker.person.id }, change);
  return { schedule: { ...schedule, ...change, work: changedWork(schedule.work, change.work ?? {}) }, next, token };
}

/** It runs with its owner's rights, so nobody else says what it does; at the command line is whoever runs the service. */
async function changeable(db: Db, asker: ScheduleAsker, which: string): Promise<Schedule> {
  const schedule = await owned(db, asker, which);
  if (asker.chat !== null && schedule.person.id !== asker.person.id)
    throw refused("Only its owner changes what it does; you can pause or remove it.");
  return schedule;
}

/** Checks a change; nothing is saved. */
export async function planEdit(
  parts: DeskParts,
  asker: ScheduleAsker,
  which: string,
  wish: Partial<ScheduleWish>,
): Promise<{ readonly schedule: Schedule; readonly change: ScheduleChange; readonly next: readonly number[] }> {
  await refuseRuns(parts, asker);
  const schedule = await changeable(parts.db, asker, which);
  const owner = { person: schedule.person.id, origin: schedule.origin, originKind: schedule.originKind };
  const work = await wishedWork(parts, asker, wish);
  checkTexts(wish.prompt ?? schedule.prompt, work.script ?? null);
  const { change: time, next } = await retimed(parts, asker, schedule, wish);
  const change: ScheduleChange = {
    ...(wish.name === undefined || wish.name === null ? {} : { name: nameFor(wish.name, "") }),
    ...(wish.prompt === undefined ? {} : { prompt: wish.prompt }),
    ...time,
    ...(wish.deliver === undefined ? {} : { deliver: await storedTargets(parts.db, owner, wish.deliver) }),
    ...(wish.missed === undefined ? {} : { missed: wish.missed }),
    ...(wish.repeat === undefined ? {} : { remaining: wish.repeat }),
    ...(Object.keys(work).length === 0 ? {} : { work }),
  };
  return { schedule, change, next };
}

/** What a change of the time changes, and the next instants as they are with it. */
async function retimed(
  parts: DeskParts,
  asker: ScheduleAsker,
  schedule: Schedule,
  { time, zone, repeat }: Partial<ScheduleWish>,
): Promise<{ readonly change: ScheduleChange; readonly next: readonly number[] }> {
  const speaking = await speakingFor(parts, asker, zone ?? schedule.timing.zone);
  const nextOf = (timing: Timing) => nextInstants(timing, speaking.now, shownInstants);
  if (time === undefined && zone === undefined) return { change: {}, next: nextOf(schedule.timing) };
  const said = (time ?? schedule.said).trim();
  const timing = parseTiming(said, speaking);
  if (schedule.remaining === 0 && repeat === undefined) throw ranOut(schedule);
  const next = nextOf(timing);
  const goesOn: ScheduleChange = schedule.status === "paused" ? {} : { status: "active", nextAt: next[0] ?? null };
  return { change: { timing, said, ...goesOn }, next };
}

/** Only what is asked for: it may be kept for a while, and what is changed meanwhile stays. */
async function wishedWork(parts: DeskParts, asker: ScheduleAsker, wish: Partial<ScheduleWish>): Promise<Partial<ScheduleWork>> {
  const { skills, script, noAgent, contextFrom, continuity } = wish;
  return {
    ...(skills === undefined ? {} : { skills }),
    ...(script === undefined ? {} : { script }),
    ...(noAgent === undefined ? {} : { noAgent }),
    ...(contextFrom && { contextFrom: await Promise.all(contextFrom.map((each) => idOf(parts, asker, each))) }),
    ...(continuity === undefined ? {} : { continuity }),
  };
}

async function idOf({ db }: DeskParts, asker: ScheduleAsker, which: string): Promise<string> {
  return (await owned(db, asker, which)).id;
}
