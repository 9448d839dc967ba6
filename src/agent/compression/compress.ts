import type { Failure } from "../../core/failures.ts";
import { sum } from "../../core/numbers.ts";
import type { Compaction, Extent, NewCompaction } from "../../store/compactions.ts";
import { flawNoted } from "../notes.ts";
import { type Placed, partsOf } from "./boundaries.ts";
import { type CompressionSettings, isPaused, limitOf, pause } from "./compressor.ts";
import { isPrunable, standIn, toPrune } from "./pruning.ts";
import { type CompressSetting, summarise } from "./summarise.ts";
import { headTokens, messageTokens, messagesTokens } from "./tokens.ts";
import { withoutTodos, withTodos } from "./todos.ts";
import { messagesOf, type View, viewOf } from "./view.ts";

/** Why a conversation is shortened: its length, its many messages, a server that refused it, or a person's wish. */
export type Cause = "length" | "messages" | "refused" | "asked";

/** A conversation to be shortened. */
export interface Task {
  readonly journal: readonly Placed[];
  readonly last: Compaction | null;
  readonly settings: CompressionSettings;
  readonly window: number;
  /** How many times longer than estimated its prompts are. */
  readonly ratio: number;
  readonly cause: Cause;
  /** Whether a summary may be asked for; without one, only long results are left out. */
  readonly summary: boolean;
  /** What the person wants kept above all; may be empty. */
  readonly focus: string;
}

export type Compressed =
  | { readonly type: "done"; readonly made: NewCompaction }
  /** There is nothing that could be left out. */
  | { readonly type: "none" }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "aborted" };

/** Shortens a conversation: old tool results first; where that is not enough, one summary of all between its head and its tail. */
export async function compress(setting: CompressSetting, task: Task): Promise<Compressed> {
  const plan = planOf(setting, task);
  if (task.cause === "length" || task.cause === "refused") {
    const pruned = prunedMiddle(plan);
    if (pruned.length > 0 && plan.tokens - gainOf(plan, pruned) <= plan.limit * enoughShare) return done(plan, task, pruned, {});
  }
  const middle = plan.rest.slice(plan.head, plan.tail);
  const worth = sum(middle.map(({ message }) => messageTokens(message)));
  const least = task.cause === "asked" || task.cause === "messages" ? leastWorth : Math.max(leastWorth, plan.limit * leastShare);
  if (middle.length === 0 || worth < least) return prunedTail(plan, task);
  if (!task.summary || (task.cause !== "asked" && isPaused(setting.compressor, setting.info.session))) {
    const fits = task.cause !== "refused" && plan.tokens < (task.window / task.ratio) * fitShare;
    return fits ? { type: "none" } : prunedTail(plan, task);
  }
  const text = "This conversation is long. I shorten its older part first.";
  setting.emit({ type: "notice", text, about: { say: "shortening" } });
  return await summarised(setting, task, plan, worth);
}

/** What a compaction that spares the summary must come down to, so that the next one is far off. */
const enoughShare = 0.5;
/** A summary of less than this is not worth a call, and not the loss of the server's cache. */
const leastWorth = 300;
const leastShare = 0.08;
/** Of the room beside the prompt's fixed part: for the head; and for the protected newest messages at most. */
const headShare = 0.15;
const lastShare = 0.4;

/** As long as a prompt takes no more of the window it may go out as it is, when no summary can be had. */
const fitShare = 0.95;

/** All amounts in estimated tokens. */
interface Plan {
  readonly view: View;
  readonly rest: readonly Placed[];
  /** Where in `rest` the head ends and the tail begins. */
  readonly head: number;
  readonly tail: number;
  readonly fixed: number;
  readonly tokens: number;
  readonly limit: number;
}

function planOf(setting: CompressSetting, { journal, last, settings, window, ratio, cause }: Task): Plan {
  const view = viewOf(journal, last);
  const fixed = headTokens(setting.info.prompt);
  const limit = limitOf(settings, window) / ratio;
  const room = Math.max(limit - fixed, limit * 0.3);
  const tailRoom = Math.min(settings.targetRatio * limit, room * lastShare);
  const summarisedBefore = last !== null && last.summary !== null;
  // However the limit on messages is set, what is kept must stay well below it.
  const most = cause === "messages" ? settings.messageLimit : Number.POSITIVE_INFINITY;
  const wish = {
    first: summarisedBefore ? 0 : Math.min(settings.protectFirst, Math.floor(most / 8)),
    headRoom: room * headShare,
    last: Math.min(settings.protectLast, Math.floor(most / 2)),
    tailRoom,
    lastRoom: cause === "asked" ? tailRoom : Math.min(tailRoom * 2, room * lastShare),
    lastOnly: cause === "messages" || cause === "asked",
  };
  const tokens = fixed + messagesTokens(messagesOf(view));
  return { view, rest: view.rest, fixed, tokens, limit, ...partsOf(view.rest, wish) };
}

/** Long tool results outside of the tail. */
function prunedMiddle({ rest, tail }: Plan): readonly number[] {
  return rest
    .slice(0, tail)
    .filter(isPrunable)
    .map(({ id }) => id);
}

function gainOf({ rest }: Plan, ids: readonly number[]): number {
  const pruned = rest.filter(({ id }) => ids.includes(id));
  return sum(pruned.map(({ message }) => messageTokens(message) - messageTokens(standIn(message))));
}

/** Without a summary, what can be left out are long results, the oldest first, the newest message excepted. */
function prunedTail(plan: Plan, task: Task): Compressed {
  if (task.cause === "messages" || task.cause === "asked") return { type: "none" };
  const excess = plan.tokens - plan.limit * comfortShare;
  const ids = excess <= 0 ? [] : toPrune(plan.rest.slice(0, -1), excess);
  return ids.length === 0 ? { type: "none" } : done(plan, task, ids, {});
}

/** What the tail is pruned down to when it fills the window alone. */
const comfortShare = 0.8;

async function summarised(setting: CompressSetting, task: Task, plan: Plan, worth: number): Promise<Compressed> {
  const { rest, view, head, tail } = plan;
  const untilTail: View = { ...view, rest: rest.slice(0, tail) };
  const prefix = messagesOf(untilTail);
  const told = await summarise(setting, {
    prefix,
    prefixTokens: plan.fixed + messagesTokens(prefix),
    messages: [...view.kept, ...rest.slice(head, tail)].map(({ message }) => message),
    previous: withoutTodos(view.summary),
    focus: task.focus,
    tokens: summaryTokens(worth, task.window),
    window: task.window,
    ratio: task.ratio,
  });
  if (told.type === "failed") pause(setting.compressor, setting.info.session);
  if (told.type !== "summary") return told;
  setting.compressor.pauses.delete(setting.info.session);
  const upto = rest[tail - 1]?.id ?? 0;
  const text = withTodos(told.text, task.journal, upto, view.summary);
  const summary = { head: rest[head - 1]?.id ?? task.last?.head ?? 0, upto, summary: text };
  const made = done(plan, task, [], { ...summary, kept: keptOf(task.journal, summary.head, summary.upto) });
  if (made.type === "done") return fittedTail(plan, task, made);
  // Another try at the next step would bring no more, and cost as much.
  pause(setting.compressor, setting.info.session);
  return made;
}

/** A fifth of what it stands for, and never much of the window. */
function summaryTokens(worth: number, window: number): number {
  return Math.round(Math.min(Math.max(worth / 5, 300), Math.max(600, window / 20), 6_000));
}

/** The newest message of a person is kept word for word wherever it stands: it is what is being worked on. */
function keptOf(journal: readonly Placed[], head: number, upto: number): readonly number[] {
  const last = journal.findLast(({ message }) => message.role === "user" && flawNoted(message) === null);
  return last !== undefined && last.id > head && last.id <= upto ? [last.id] : [];
}

/** A tail that is too long even so is pruned as well. */
function fittedTail(plan: Plan, task: Task, compressed: Compressed & { type: "done" }): Compressed {
  const excess = compressed.made.after.tokens / task.ratio - plan.limit * comfortShare;
  if (excess <= 0) return compressed;
  const ids = toPrune(plan.rest.slice(plan.tail, -1), excess);
  return ids.length === 0 ? compressed : done(plan, { ...task, last: compressed.made }, ids, compressed.made);
}

function done(plan: Plan, task: Task, pruned: readonly number[], change: Partial<Compaction>): Compressed {
  const { journal, last, ratio } = task;
  const before = last ?? { head: 0, upto: 0, kept: [], pruned: [], summary: null };
  const next = tidied({ ...before, ...change, pruned: [...new Set([...before.pruned, ...pruned])] });
  const messages = messagesOf(viewOf(journal, next));
  const extent = (count: number, tokens: number): Extent => ({ messages: count, tokens: Math.round(tokens * ratio) });
  const made: NewCompaction = {
    ...next,
    before: extent(messagesOf(plan.view).length, plan.tokens),
    after: extent(messages.length, plan.fixed + messagesTokens(messages)),
  };
  // A summary as long as what it stands for is no gain.
  return made.after.tokens < made.before.tokens || made.after.messages < made.before.messages
    ? { type: "done", made }
    : { type: "none" };
}

/** What the summary stands for need not be listed as pruned. */
function tidied(compaction: Compaction): Compaction {
  const { head, upto, kept, pruned } = compaction;
  return { ...compaction, pruned: pruned.filter((id) => id <= head || id > upto || kept.includes(id)) };
}
