import { Failure } from "../core/failures.ts";
import type { ModelAnswer, ModelMessage } from "../core/model.ts";
import { lastPromptTokens, type NewCompaction, storeCompaction } from "../store/compactions.ts";
import { storedFailure } from "../core/outbound.ts";
import type { JournalEntry } from "../store/journal.ts";
import { addOutbound } from "../store/outbox.ts";
import { type Cause, compress, type Compressed, type Task } from "./compression/compress.ts";
import * as sizes from "./compression/compressor.ts";
import type { HistoryState } from "./compression/state.ts";
import type { CompressSetting } from "./compression/summarise.ts";
import { headTokens, messagesTokens } from "./compression/tokens.ts";
import { messagesOf, viewOf } from "./compression/view.ts";
import type { LoopState, TurnSetting } from "./turn-setting.ts";

/** Prompts below these need no thought: no window is so small. */
const smallTokens = 1_500;
const fewMessages = 10;
/** From this share of the limit the server itself is asked to count. */
const countShare = 0.9;
/** A prompt this many times longer than estimated has not been seen. */
const mostOff = 2;
const spareTokens = 64;
const leastAnswer = 256;

/** The conversation as the model gets it: the journal, shortened first where it would not fit the model's window. */
export async function fitted(
  setting: TurnSetting,
  state: LoopState,
  journal: readonly JournalEntry[],
): Promise<readonly ModelMessage[]> {
  const { history } = state;
  const { compressor, info, model, signal } = setting;
  let messages = shown(setting, history, journal);
  if (history.answerCap === null && history.estimate < smallTokens && messages.length < fewMessages) return messages;
  const settings = await compressor.settings();
  history.window = await sizes.windowOf(compressor, model, signal);
  const limit = sizes.limitOf(settings, history.window);
  let tokens = await measured(setting, history, messages, limit);
  const cause: Cause | null = tokens > limit ? "length" : messages.length >= settings.messageLimit ? "messages" : null;
  if (cause !== null && settings.enabled && !signal.aborted) {
    await shorten(setting, state, { ...taskOf(setting, history, journal, settings), cause });
    messages = shown(setting, history, journal);
    tokens = history.estimate * (sizes.ratioOf(compressor, info.session) ?? 1);
  }
  history.maxTokens = answerRoom(history, settings.answerTokens, tokens);
  return messages;
}

/**
 * The server says that the prompt is too long: mends that, once by shortening the conversation and then by leaving out what can be, and
 * says whether it is worth asking again.
 */
export async function recovered(
  setting: TurnSetting,
  state: LoopState,
  journal: readonly JournalEntry[],
  failure: Failure,
): Promise<boolean> {
  const { history } = state;
  const { compressor, info, model } = setting;
  const told = failure.sizes;
  if (told?.outputIsTheTrouble === true) return lowerAnswer(history, told.window, told.promptTokens);
  if (history.recoveries >= mostRecoveries) return false;
  history.recoveries += 1;
  const settings = await compressor.settings();
  if (!settings.enabled) return false;
  const ratio = sizes.ratioOf(compressor, info.session) ?? 1;
  const window = told?.window ?? Math.floor(history.estimate * ratio * guessedShare);
  await sizes.learnWindow(compressor, model, window, setting.signal);
  if (told !== null && told.promptTokens !== null)
    sizes.learnRatio(compressor, info.session, told.promptTokens, history.estimate);
  history.window = await sizes.windowOf(compressor, model, setting.signal);
  return await shorten(setting, state, { ...taskOf(setting, history, journal, settings), cause: "refused" });
}

/** A refusal that stands, with what its person can do: a message that is too long by itself stays so in a new conversation. */
export function explained(
  { compressor, info }: TurnSetting,
  { history }: LoopState,
  journal: readonly JournalEntry[],
  failure: Failure,
): Failure {
  const request = journal.findLast(({ message }) => message.role === "user");
  const window = failure.sizes?.window ?? history.window;
  const tokens = request === undefined ? 0 : messagesTokens([request.message]) * (sizes.ratioOf(compressor, info.session) ?? 1);
  if (window === 0 || tokens < window * largeShare) return failure;
  const advice = `The newest message alone has about ${Math.round(tokens)} tokens: send it in smaller parts, or give the model server a larger context.`;
  return new Failure(failure.code, failure.message, {
    advice,
    about: { say: "newest_long", tokens: Math.round(tokens) },
    cause: failure,
  });
}

/** Of the window. */
const largeShare = 0.5;

/** By a summary, then by what can do without one. */
const mostRecoveries = 2;
const mostLowered = 3;
/** Where a server only says that it is too much. */
const guessedShare = 0.8;

/**
 * Learns from an answer how long its prompt was. True when the prompt had not fitted after all and has been shortened, so that it is
 * worth asking again: the window was full before the answer was whole, or the server had cut the conversation without a word.
 */
export async function outgrown(
  setting: TurnSetting,
  state: LoopState,
  journal: readonly JournalEntry[],
  answer: ModelAnswer,
): Promise<boolean> {
  const { history } = state;
  const { compressor, info, model, signal } = setting;
  const { promptTokens, completionTokens } = answer.usage;
  if (promptTokens === null) return false;
  const reading = { estimate: history.estimate, read: promptTokens };
  const cut = await sizes.takeReading(compressor, model, info.session, reading, signal);
  if (cut === null) sizes.learnRatio(compressor, info.session, promptTokens, history.estimate);
  const total = promptTokens + (completionTokens ?? 0);
  const full = answer.finish === "length" && history.window > 0 && total >= history.window - fullSlack;
  if ((cut === null && !full) || history.recoveries >= mostRecoveries || signal.aborted) return false;
  history.recoveries += 1;
  if (cut !== null) await sizes.learnWindow(compressor, model, cut, signal);
  const settings = await compressor.settings();
  history.window = await sizes.windowOf(compressor, model, signal);
  const task = { ...taskOf(setting, history, journal, settings), cause: "refused" as const };
  if (!settings.enabled || !(await shorten(setting, state, task))) {
    if (cut !== null) setting.emit({ type: "notice", ...unreadNotice(promptTokens, history.estimate) });
    return false;
  }
  const why =
    cut === null
      ? "The model's window was full before its answer was whole"
      : "The model server cut the conversation without a word";
  const about = { say: "shortened", why: cut === null ? "full" : "cut" } as const;
  setting.emit({ type: "notice", text: `${why}: I have shortened it and ask again.`, about });
  setting.emit({ type: "step", step: state.step + 1 });
  return true;
}

function unreadNotice(read: number, expected: number) {
  const text = `The model server read only ${Math.round(read)} of about ${Math.round(expected)} tokens: it has cut this conversation. Give it a larger context, or send /new.`;
  return { text, about: { say: "unread", read, expected } as const };
}

/** Servers stop a token or so before the end. */
const fullSlack = 8;

/** The messages as they stand now; notes how long they are. */
function shown(setting: TurnSetting, history: HistoryState, journal: readonly JournalEntry[]): readonly ModelMessage[] {
  const messages = messagesOf(viewOf(journal, history.compaction));
  history.estimate = headTokens(setting.info.prompt) + messagesTokens(messages);
  return messages;
}

/** The prompt's tokens: estimated, corrected by what earlier ones had, and counted by the server where it comes near the limit. */
async function measured(
  setting: TurnSetting,
  history: HistoryState,
  messages: readonly ModelMessage[],
  limit: number,
): Promise<number> {
  const { db, compressor, info, model, signal } = setting;
  const { estimate } = history;
  const known = sizes.ratioOf(compressor, info.session);
  if (estimate * mostOff < limit * countShare && known === null) return estimate;
  const last = known === null ? await lastPromptTokens(db, info.session) : null;
  const tokens = Math.max(estimate * (known ?? 1), last ?? 0);
  const head = info.prompt;
  if (tokens < limit * countShare || head === null) return tokens;
  const request = {
    messages: [{ role: "system" as const, content: head.system }, ...messages],
    tools: head.tools,
    toolChoice: "auto" as const,
  };
  const exact = await model.count(request, signal);
  if (exact === null) return tokens;
  sizes.learnRatio(compressor, info.session, exact, estimate);
  return exact;
}

function taskOf(
  { compressor, info }: TurnSetting,
  { compaction, window, recoveries }: HistoryState,
  journal: readonly JournalEntry[],
  settings: sizes.CompressionSettings,
): Omit<Task, "cause"> {
  const ratio = sizes.ratioOf(compressor, info.session) ?? 1;
  return { journal, last: compaction, settings, window, ratio, summary: recoveries < mostRecoveries, focus: "" };
}

/** Shortens the conversation and keeps that; whether it has become shorter. After a failure it does what goes without a summary. */
async function shorten(setting: TurnSetting, state: LoopState, task: Task): Promise<boolean> {
  await setting.begun;
  const compressed = await compress(compressSetting(setting, state), task);
  switch (compressed.type) {
    case "done":
      await keep(setting, state, compressed.made);
      return true;
    case "failed": {
      await tellFailure(setting, compressed);
      const pruned = await compress(compressSetting(setting, state), task);
      if (pruned.type === "done") await keep(setting, state, pruned.made);
      return pruned.type === "done";
    }
    case "none":
    case "aborted":
      return false;
  }
}

async function keep(setting: TurnSetting, { history }: LoopState, made: NewCompaction): Promise<void> {
  await storeCompaction(setting.db, setting.hold, setting.viewer, made);
  history.compaction = made;
}

/** Told once: no other summary is tried for a while. The conversation stays as it is. */
async function tellFailure(setting: TurnSetting, { failure }: Compressed & { type: "failed" }): Promise<void> {
  const { db, turn, compressor, info } = setting;
  compressor.log.warn({ session: info.session, code: failure.code, error: failure }, "a conversation could not be shortened");
  const markdown = (await setting.asking.language()).endings.shortening.failedItself(storedFailure(failure));
  setting.emit({ type: "notice", text: markdown });
  await addOutbound(db, {
    key: `uncompressed:${turn.id}`,
    chat: turn.request.chat,
    turn: null,
    body: { markdown, replyTo: null },
  });
}

function compressSetting(setting: TurnSetting, { step }: LoopState): CompressSetting {
  const { db, hold, info, viewer, model, metrics, compressor, signal, emit, turn } = setting;
  return { db, hold, info, viewer, model, metrics, compressor, signal, emit, person: turn.person, turn: turn.id, step };
}

/** How long the answer may be so that prompt and answer fit the window; null where that is as configured. */
function answerRoom(history: HistoryState, configured: number | null, tokens: number): number | null {
  const cap = Math.min(configured ?? Number.POSITIVE_INFINITY, history.answerCap ?? Number.POSITIVE_INFINITY);
  const room = Math.max(leastAnswer, Math.floor(history.window - tokens - spareTokens));
  const least = Math.min(cap, room);
  return Number.isFinite(cap) && least !== configured ? least : null;
}

/** The prompt fits, the answer that was asked for does not fit beside it. */
function lowerAnswer(history: HistoryState, window: number | null, promptTokens: number | null): boolean {
  const whole = window ?? history.window;
  const before = history.maxTokens ?? history.answerCap ?? whole / 2;
  history.lowered += 1;
  const cap = Math.floor(promptTokens === null ? before / 2 : whole - promptTokens - spareTokens);
  if (cap < leastAnswer || history.lowered > mostLowered) return false;
  history.answerCap = cap;
  return true;
}
