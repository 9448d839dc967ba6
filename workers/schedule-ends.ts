import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApprovalRules } from "../src/agent/approvals.ts";
import { languageOfPerson } from "../src/commands/languages/chosen.ts";
import { type ChatKind, chatKey, type ChatRef } from "../src/core/chats.ts";
import type { Errand } from "../src/core/errand.ts";
import type { FailureCode } from "../src/core/failures.ts";
import type { Log } from "../src/core/log.ts";
import { literal } from "../src/core/markdown.ts";
import type { Outbound } from "../src/core/outbound.ts";
import type { Queues } from "../src/core/queue.ts";
import { redact } from "../src/core/redact.ts";
import type { SandboxBackend } from "../src/core/sandbox.ts";
import { chartOfReport, explained, type ReportChart } from "../src/schedules/report-chart.ts";
import { isSilent, wrapped } from "../src/schedules/report.ts";
import { kindFor, targetsOf, type Targets } from "../src/schedules/targets.ts";
import type { Db } from "../src/store/hold.ts";
import { copySentFile, putSentFile } from "../src/store/files.ts";
import { addOutbound } from "../src/store/outbox.ts";
import { endRun, openRun, retryRun } from "../src/store/schedule-runs.ts";
import { privateChatOf } from "../src/store/schedule-targets.ts";
import { recordNow, type Schedule, scheduleById } from "../src/store/schedules.ts";
import { answerKey } from "../src/store/turns.ts";
import { wakeDeliveries } from "./asking.ts";
import { tellOwner, unwanted, whyLost } from "./schedule-notices.ts";

/** What schedules are worked with. */
export interface ScheduleParts {
  readonly db: Db;
  readonly queues: Queues;
  readonly log: Log;
  /** `HERMES_HOME`. */
  readonly home: string;
  readonly sandboxes: Pick<SandboxBackend, "open">;
  /** The policy that scripts are judged by. */
  policy(): Promise<Pick<ApprovalRules, "policy">>;
  rules(): Promise<RunRules>;
}

/** What the configuration says of runs. */
export interface RunRules {
  readonly wrap: boolean;
  /** Whether a table of numbers brings a chart along. */
  readonly charts: boolean;
  readonly fromRuns: boolean;
  readonly timeoutMs: number;
  readonly scriptMs: number;
  /** How long to wait before each further try. */
  readonly retryMs: readonly number[];
  /** A schedule that has failed so many times running is paused. */
  readonly pauseAfter: number;
  /** Of owners who have picked none and whose client tells none. */
  readonly language?: string;
}

/** How a run ended. `told`: its owner knows already. */
export type RunEnd =
  | { readonly type: "answered"; readonly text: string; readonly files: readonly Outbound[]; readonly turn: string | null }
  | {
      readonly type: "failed";
      readonly code: FailureCode;
      readonly failure: string;
      readonly output: string | null;
      readonly told?: boolean;
    };

/** Failures that may be over in a while. */
const passing: ReadonlySet<FailureCode> = new Set([
  "model.unreachable",
  "model.loading",
  "model.stalled",
  "model.broken",
  "sandbox.unavailable",
  "state.unavailable",
]);

/** What follows a run's errand. Any number of times: the outbox's keys and the run's own state make it once. */
export async function landRun(parts: ScheduleParts, errand: Errand): Promise<void> {
  const { run } = errand.details;
  const open = typeof run === "string" ? await openRun(parts.db, run) : null;
  const schedule = open === null ? null : await scheduleById(parts.db, open.schedule);
  if (typeof run !== "string" || open === null || schedule === null) return;
  // By its number of tries: a worker may have died before it noted the errand.
  if (open.attempt !== errand.details["attempt"]) return;
  const { lateMs } = errand.details;
  await settleRun(parts, schedule, run, endOf(errand), { ranAs: errand.kind, lateMs: Number(lateMs ?? 0) });
}

function endOf({ status, result, failure, stopWhy }: Errand): RunEnd {
  if (status === "answered" && result !== null) {
    return { type: "answered", text: result.answer.markdown, files: result.files, turn: result.turn };
  }
  const ending = result?.answer.ending;
  const code = ending?.type === "failed" ? ending.failure.code : "internal";
  const why = failure ?? (stopWhy === null ? "it was stopped" : `it was stopped: ${stopWhy}`);
  return { type: "failed", code, failure: why, output: result?.answer.markdown ?? null };
}

/** How a run was begun. */
export interface Began {
  /** What it was told: a `private` one may say what only its owner may read. */
  readonly ranAs: ChatKind;
  readonly lateMs: number;
}

/** Ends a run: its result is told, or its failure is, or it is tried again later. */
export async function settleRun(
  parts: ScheduleParts,
  schedule: Schedule,
  run: string,
  end: RunEnd,
  { ranAs, lateMs }: Began,
): Promise<void> {
  if (end.type === "failed") return await settleFailure(parts, schedule, run, end, ranAs);
  const owner = { person: schedule.person.id, origin: schedule.origin, originKind: schedule.originKind };
  const targets = await targetsOf(parts.db, owner, schedule.deliver);
  const silent = end.files.length === 0 && (end.text.trim() === "" || isSilent(end.text));
  // Made with the memory of a chat that its owner has left meanwhile.
  if (!silent && targets.lost.includes("origin"))
    return await settleFailure(parts, schedule, run, await unwanted(parts, schedule, run, whyLost(schedule, targets)), ranAs);
  if (!silent && ranAs === "private" && kindFor(targets) === "shared") {
    const failure = "where it reports to changed while it ran; run it again";
    return await settleFailure(parts, schedule, run, { type: "failed", code: "schedule.refused", failure, output: null }, ranAs);
  }
  const outcome = { status: silent ? "silent" : "done", output: end.text } as const;
  const chart = silent ? null : await chartFor(parts, schedule, end);
  const owed = silent ? [] : await owedBy(parts, schedule, end, targets, lateMs, chart);
  if (!silent && targets.local) await writeOutput(parts, schedule, run, end.text, chart);
  await parts.db.transaction().execute(async (trx) => {
    if (!(await endRun(trx, run, outcome, ranAs, { key: null, pause: null }))) return;
    for (const chat of owed) await putOut(trx, run, chat, end, chart);
  });
  await wakeDeliveries(
    parts,
    owed.map(({ chat }) => chatKey(chat)),
  );
}

interface Owed {
  readonly chat: ChatRef;
  readonly markdown: string;
}

/** What each chat is told, each once. */
async function owedBy(
  parts: ScheduleParts,
  schedule: Schedule,
  end: RunEnd & { readonly type: "answered" },
  targets: Targets,
  lateMs: number,
  chart: ReportChart | null,
): Promise<readonly Owed[]> {
  const { db } = parts;
  const { wrap, language } = await parts.rules();
  const text = chart === null ? end.text : explained(end.text, chart);
  const markdown = wrap
    ? wrapped(schedule, text, lateMs, await recordNow(db), await languageOfPerson(db, schedule.person.id, language))
    : text;
  const page = targets.local ? await privateChatOf(db, schedule.person.id, "web") : null;
  const chats = new Map(targets.chats.map(({ chat }) => [chatKey(chat), chat]));
  if (page !== null) chats.set(chatKey(page), page);
  return [...chats.values()].map((chat) => ({ chat, markdown }));
}

/** A chart of a report's numbers; none beside a picture that the run made itself, or one that can't be drawn: the words say it all. */
async function chartFor(
  parts: ScheduleParts,
  { name }: Schedule,
  end: RunEnd & { readonly type: "answered" },
): Promise<ReportChart | null> {
  const { charts } = await parts.rules();
  if (!charts || end.files.some(({ file }) => file?.kind === "picture")) return null;
  try {
    return await chartOfReport(name, end.text);
  } catch (error) {
    parts.log.warn({ error }, "a report's chart could not be drawn");
    return null;
  }
}

async function putOut(
  db: Db,
  run: string,
  { chat, markdown }: Owed,
  end: RunEnd & { readonly type: "answered" },
  chart: ReportChart | null,
): Promise<void> {
  const key = `run:${run}:${chatKey(chat)}`;
  await addOutbound(db, { key, chat, turn: null, body: { markdown, replyTo: null } });
  if (chart !== null) {
    await putSentFile(db, `${key}:chart`, chart.bytes);
    await addOutbound(db, { key: `${key}:chart`, chat, turn: null, body: { markdown: "", replyTo: null, file: chart.file } });
  }
  for (const [index, file] of end.files.entries()) {
    if (end.turn !== null) await copySentFile(db, answerKey(end.turn, index + 1), `${key}:${index + 1}`);
    await addOutbound(db, { key: `${key}:${index + 1}`, chat, turn: null, body: file });
  }
}

/** Files kept of each schedule (the original's number). */
const keptFiles = 50;

/** `cron/output/NUMBER/TIME.md` in the home, and the chart beside it; the same name however often it is written. */
async function writeOutput(
  parts: ScheduleParts,
  schedule: Schedule,
  run: string,
  text: string,
  chart: ReportChart | null,
): Promise<void> {
  const open = await openRun(parts.db, run);
  if (open === null) return;
  const directory = join(parts.home, "cron", "output", String(schedule.number));
  const name = new Date(open.instant).toISOString().replaceAll(":", "-").slice(0, 19);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, `${name}.md`), `${text.trim()}\n`, { mode: 0o600 });
  if (chart !== null) await writeFile(join(directory, `${name}.png`), chart.bytes, { mode: 0o600 });
  const all = await readdir(directory);
  for (const ending of [".md", ".png"]) {
    const old = all.filter((each) => each.endsWith(ending)).toSorted();
    for (const each of old.slice(0, -keptFiles)) await rm(join(directory, each), { force: true });
  }
}

async function settleFailure(
  parts: ScheduleParts,
  schedule: Schedule,
  run: string,
  end: RunEnd & { readonly type: "failed" },
  ranAs: ChatKind,
): Promise<void> {
  const { db } = parts;
  const { retryMs, pauseAfter } = await parts.rules();
  const open = await openRun(db, run);
  if (open === null) return;
  const failure = redact(end.failure).slice(0, 1_000);
  const wait = passing.has(end.code) && !open.broken ? retryMs[open.attempt - 1] : undefined;
  if (wait !== undefined) return void (await retryRun(db, run, wait, failure));
  const { listed, told, pause } = await tellFailure(parts, schedule, run, { ...end, failure }, { ranAs, pauseAfter });
  await endRun(db, run, { status: "failed", failure, output: end.output, listed }, ranAs, { key: told, pause });
}

/** Tells of a failure; gives what the list of schedules says of it, what told of it if that is new, and why the schedule is paused if it is. */
async function tellFailure(
  parts: ScheduleParts,
  schedule: Schedule,
  run: string,
  { code, failure, output, told }: RunEnd & { readonly type: "failed" },
  { ranAs, pauseAfter }: { readonly ranAs: ChatKind; readonly pauseAfter: number },
): Promise<{ readonly listed: string; readonly told: string | null; readonly pause: string | null }> {
  // Where it was made others read, and this may say what only its owner may.
  const secret = ranAs === "private" && schedule.originKind === "shared";
  const listed = secret ? `it failed (${code}); its owner knows more` : failure;
  const count = schedule.failures + 1;
  const pause = told !== true && count >= pauseAfter && schedule.status === "active" ? `it failed ${count} times running` : null;
  const prefix = secret ? "failed-own:" : "failed:";
  const same = schedule.lastFailure === listed && schedule.toldKey?.startsWith(prefix) === true;
  // The same again is no news: the first message counts. That it is paused is.
  const edits = same && pause === null ? schedule.toldKey : null;
  const counted = { count, same, pause };
  const words = failureWords(schedule, failure, output, counted);
  const open = secret ? failureWords(schedule, listed, null, counted) : words;
  const key = `${prefix}${run}`;
  const anew = told === true ? edits === null : await tellOwner(parts, schedule, key, words, { edits, open });
  return { listed, told: anew ? key : null, pause };
}

function failureWords(
  { number }: Schedule,
  failure: string,
  output: string | null,
  { count, same, pause }: { readonly count: number; readonly same: boolean; readonly pause: string | null },
): string {
  const said = output?.trim() ?? "";
  const shown = said === "" ? "" : `\n\n${said.slice(0, 1_500).toWellFormed()}`;
  const times = count > 1 && same ? ` (${count} times running)` : "";
  const mend = pause === null ? "" : ` It is paused now; /cron resume ${number} lets it go on.`;
  return `failed${times}: ${literal(failure)}.${mend}${shown}`;
}
