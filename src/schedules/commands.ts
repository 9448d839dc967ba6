import { asFailure } from "../core/failures.ts";
import { codeSpan, literal } from "../core/markdown.ts";
import {
  noWish,
  type RunView,
  type ScheduleAsker,
  type ScheduleCommands,
  type ScheduleReply,
  type ScheduleView,
} from "../core/schedule.ts";
import { runsOf } from "../store/schedule-runs.ts";
import { listSchedules, recordNow, type Schedule } from "../store/schedules.ts";
import { refused } from "./cron-expression.ts";
import { act, confirm, type DeskParts, dropDraft, edit, keep, pick, plan, propose, speakingFor, viewerOf } from "./desk.ts";
import { nextInstants } from "./next.ts";
import { placeText } from "./places.ts";
import { instantText } from "./report.ts";
import { isRefusal, readChange, readWish } from "./wishes.ts";

/** `/cron` as one person has it in one chat; what can't be done is said, not thrown. */
export function scheduleCommands(parts: DeskParts, asker: ScheduleAsker): ScheduleCommands {
  return {
    async run(args) {
      try {
        return await run(parts, asker, args.trim());
      } catch (error) {
        if (isRefusal(error)) return { ok: false, text: asFailure(error).message, data: { error: asFailure(error).message } };
        throw error;
      }
    },
  };
}

async function run(parts: DeskParts, asker: ScheduleAsker, args: string): Promise<ScheduleReply> {
  const [, word = "", rest = ""] = /^(\S*)\s*([\s\S]*)$/.exec(args) ?? [];
  switch (word.toLowerCase()) {
    case "":
    case "list":
      return await list(parts, asker);
    case "add":
    case "create":
      return await add(parts, asker, rest);
    case "save":
    case "yes":
      return saved(await confirm(parts, asker, numberIn(rest), tokenIn(rest)), tokenIn(rest) === null ? "First" : "Next");
    case "drop":
    case "no":
      await dropDraft(parts, asker, numberIn(rest), tokenIn(rest));
      return said("Not saved.");
    case "show":
      return await show(parts, asker, rest);
    case "history":
    case "runs":
      return await history(parts, asker, rest);
    case "edit":
      return await change(parts, asker, rest);
    case "pause":
      return told(await act(parts, asker, "pause", rest), (name) => `${name} is paused.`);
    case "resume":
      return resumed(await act(parts, asker, "resume", rest));
    case "run":
      return told(await act(parts, asker, "run", rest), (name) => `${name} runs now; its report comes as usual.`);
    case "remove":
    case "rm":
    case "delete":
      return told(await act(parts, asker, "remove", rest), (name) => `${name} is removed.`);
    default:
      return { ok: false, text: usage, data: { error: "unknown" } };
  }
}

const usage = [
  '`/cron add "0 9 * * *" what to do`, or `every 2h …`, `weekdays at 9am …`, `in 30m …`, `每天9点 …`',
  "`/cron list`, and with a number or name: `show`, `history`, `pause`, `resume`, `run`, `edit`, `remove`",
  "Options: `--name`, `--deliver origin,home,local,telegram:ID,discord:#name`, `--tz Europe/Berlin`, `--skills a,b`, `--repeat 3`, `--missed skip|once|all`, `--context-from NAME`, `--continuity`, `--script '…'`, `--no-agent`, `--yes`",
].join("\n");

function said(text: string, data: unknown = {}): ScheduleReply {
  return { ok: true, text, data };
}

function numberIn(text: string): number {
  const number = Number(/^#?(\d+)/.exec(text.trim())?.[1] ?? 0);
  return Number.isSafeInteger(number) && number > 0 && number < 2_147_483_647 ? number : 0;
}

/** Behind the number of a schedule: which of its changes. */
function tokenIn(text: string): string | null {
  return /^#?\d+\s+(\S+)$/.exec(text.trim())?.[1] ?? null;
}

function told(schedule: Schedule, words: (name: string) => string): ScheduleReply {
  return said(words(`**${literal(schedule.name)}**`), viewOf(schedule, []));
}

async function add(parts: DeskParts, asker: ScheduleAsker, text: string): Promise<ScheduleReply> {
  if (text.trim() === "") return { ok: false, text: usage, data: { error: "empty" } };
  // The zone is an option, and the time before it is read in it.
  const speaking = await speakingFor(parts, asker, /--(?:tz|timezone|zone)[=\s]+["“']?([\w+/-]+)/i.exec(text)?.[1] ?? null);
  const { wish, sure } = readWish(text, () => speaking);
  const planned = await plan(parts, asker, { ...noWish, ...wish });
  const schedule = await keep(parts, planned, sure ? "active" : "draft");
  const lines = await aboutLines(parts, asker, schedule, planned.next);
  if (sure) return said([`✓ Saved as ${schedule.number}.`, "", ...lines].join("\n"), viewOf(schedule, planned.next));
  return asking(lines, String(schedule.number), viewOf(schedule, planned.next));
}

/** What is not saved before somebody says yes. */
function asking(lines: readonly string[], which: string, data: unknown): ScheduleReply {
  const text = lines.join("\n");
  return {
    ok: true,
    text: `${text}\n\nSave it? \`/cron save ${which}\` or \`/cron drop ${which}\`.`,
    buttons: [
      { label: "Save", data: `/cron save ${which}` },
      { label: "Don't", data: `/cron drop ${which}` },
    ],
    waits: { text, which },
    data,
  };
}

function saved(schedule: Schedule, comes: "First" | "Next"): ScheduleReply {
  const next = schedule.nextAt === null || schedule.status === "paused" ? [] : [schedule.nextAt];
  const first = next.map((at) => ` ${comes} on ${instantText(at, schedule.timing.zone)}.`).join("");
  const rests = restsText(schedule).map((line) => ` ${line}`);
  return said(`✓ **${literal(schedule.name)}** is saved as ${schedule.number}.${first}${rests.join("")}`, viewOf(schedule, next));
}

/** That nothing comes of a time as long as it is paused. */
function restsText({ status, number }: Schedule): readonly string[] {
  return status === "paused" ? [`It is paused; \`/cron resume ${number}\` lets it go on.`] : [];
}

function resumed(schedule: Schedule): ScheduleReply {
  const next = schedule.nextAt === null ? "" : ` Next on ${instantText(schedule.nextAt, schedule.timing.zone)}.`;
  return told(schedule, (name) => `${name} goes on.${next}`);
}

/** What a schedule is, a line each, with its next instants. */
async function aboutLines(
  { db }: DeskParts,
  { kind }: ScheduleAsker,
  schedule: Schedule,
  next: readonly number[],
): Promise<readonly string[]> {
  const { work, timing, missed, remaining } = schedule;
  const places = await Promise.all(schedule.deliver.map((each) => placeText(db, each, kind)));
  return [
    `⏰ **${literal(schedule.name)}**: ${literal(oneLine(work.noAgent ? (work.script ?? "") : schedule.prompt, 300))}`,
    `When: ${codeSpan(schedule.said)} (${timing.zone})`,
    ...next.map((at, index) => `${index === 0 ? "Next" : "Then"}: ${instantText(at, timing.zone)}`),
    `Reports to: ${places.join(", ")}`,
    ...(work.skills.length > 0 ? [`Skills: ${work.skills.map(codeSpan).join(", ")}`] : []),
    ...(work.script === null ? [] : [`Script: ${codeSpan(oneLine(work.script, 200))}${work.noAgent ? ", without a model" : ""}`]),
    ...(work.continuity ? ["It is told what its last run came to."] : []),
    ...(remaining === null ? [] : [`Runs left: ${remaining}`]),
    ...(missed === "once" ? [] : [`Missed runs: ${missed}`]),
  ];
}

function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most).toWellFormed()} …`;
}

async function list(parts: DeskParts, asker: ScheduleAsker): Promise<ScheduleReply> {
  const all = await listSchedules(parts.db, viewerOf(asker));
  const data = all.map((schedule) => viewOf(schedule, schedule.nextAt === null ? [] : [schedule.nextAt]));
  if (all.length === 0) {
    const where = asker.kind === "shared" ? "No schedule was made here." : "You have no schedules.";
    return said(`${where}\n\n${usage}`, data);
  }
  const lines = all.map((schedule) => {
    const whose = schedule.person.id === asker.person.id ? "" : `, ${literal(schedule.person.name)}'s`;
    return `${schedule.number}. **${literal(schedule.name)}** ${codeSpan(schedule.said)}${whose}: ${stateText(schedule)}`;
  });
  return said(lines.join("\n"), data);
}

function stateText({ status, why, nextAt, timing, lastFailure }: Schedule): string {
  const trouble = lastFailure === null ? "" : ` ⚠️ ${literal(oneLine(lastFailure, 100))}`;
  switch (status) {
    case "draft":
      return "not saved";
    case "active":
      return `${nextAt === null ? "" : instantText(nextAt, timing.zone)}${trouble}`;
    case "paused":
      return `paused${why === null ? "" : ` (${literal(oneLine(why, 120))})`}`;
    case "done":
      return `over${trouble}`;
  }
}

async function show(parts: DeskParts, asker: ScheduleAsker, which: string): Promise<ScheduleReply> {
  const schedule = await pick(parts.db, viewerOf(asker), which);
  const now = await recordNow(parts.db);
  const next = schedule.status === "active" ? nextInstants(schedule.timing, now, 3) : [];
  const lines = await aboutLines(parts, asker, schedule, next);
  return said(
    [...lines, `State: ${schedule.status === "active" ? "on" : stateText(schedule)}`].join("\n"),
    viewOf(schedule, next),
  );
}

const shownRuns = 10;

async function history(parts: DeskParts, asker: ScheduleAsker, which: string): Promise<ScheduleReply> {
  const schedule = await pick(parts.db, viewerOf(asker), which);
  const runs = await runsOf(parts.db, schedule.id, asker.kind, shownRuns);
  if (runs.length === 0) return said(`**${literal(schedule.name)}** has not run yet.`, []);
  const lines = runs.map((run) => `- ${instantText(Date.parse(run.instant), schedule.timing.zone)}: ${runText(run)}`);
  return said([`**${literal(schedule.name)}**`, ...lines].join("\n"), runs);
}

const runWords = {
  due: "waits",
  starting: "begins",
  running: "runs",
  done: "✓",
  silent: "✓ nothing to tell",
  failed: "✗",
  skipped: "missed",
} as const;

function runText({ status, output, failure, attempt }: RunView): string {
  const more = status === "failed" || status === "due" ? failure : status === "done" ? output : null;
  const tries = attempt > 1 ? ` (try ${attempt})` : "";
  return `${runWords[status]}${tries}${more === null ? "" : ` ${literal(oneLine(more, 120))}`}`;
}

async function change(parts: DeskParts, asker: ScheduleAsker, text: string): Promise<ScheduleReply> {
  const { which, rest } = await whichIn(parts, asker, text);
  const { wish, sure } = readChange(rest);
  if (Object.keys(wish).length === 0)
    throw refused(
      'Change what? `/cron edit NAME --time "every 2h"`, `--deliver …`, `--name …`, or a new request behind the name.',
    );
  if (!sure && (wish.time !== undefined || wish.zone !== undefined)) {
    const { schedule, next, token } = await propose(parts, asker, which, wish);
    const lines = await aboutLines(parts, asker, schedule, next);
    return asking(lines, `${schedule.number} ${token}`, viewOf(schedule, next));
  }
  const { schedule, next } = await edit(parts, asker, which, wish);
  const lines = await aboutLines(parts, asker, schedule, schedule.status === "paused" ? [] : next);
  return said(["✓ Changed.", "", ...lines, ...restsText(schedule)].join("\n"), viewOf(schedule, next));
}

/** In quotes, or else the longest name that the text begins with, or its first word. */
async function whichIn(parts: DeskParts, asker: ScheduleAsker, text: string): Promise<{ which: string; rest: string }> {
  const all = /^["“']/.test(text) ? [] : await listSchedules(parts.db, viewerOf(asker));
  const named = all
    .filter(({ name }) => text.slice(0, name.length).toLowerCase() === name.toLowerCase() && !/^\S/.test(text.slice(name.length)))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  const first = /^(?:"(?:[^"]|"")*"|“[^”]*”|'[^']*'|\S+)/.exec(text)?.[0] ?? "";
  const which = text.slice(0, named?.name.length ?? first.length);
  return { which, rest: text.slice(which.length).trim() };
}

/** What programs read of a schedule. */
function viewOf(schedule: Schedule, next: readonly number[]): ScheduleView {
  const { number, name, prompt, said: time, deliver, status, why, missed, remaining, failures, work, person, timing } = schedule;
  const instants = next.map((at) => new Date(at).toISOString());
  return {
    number,
    name,
    prompt,
    said: time,
    zone: timing.zone,
    deliver,
    status,
    why,
    next: instants,
    owner: person.name,
    missed,
    remaining,
    failures,
    work,
  };
}
