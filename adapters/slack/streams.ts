import type { Progress } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import type { Log } from "../../src/core/log.ts";
import { remember } from "../../src/core/maps.ts";
import type { OutboundButton } from "../../src/core/outbound.ts";
import { closeOpenMarks } from "../render/open-marks.ts";
import type { SlackChunk } from "../render/slack.ts";
import { decided, harmless } from "../render/slack-marks.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { content, footerBlocks, metadata } from "./content.ts";
import { reason, refusal, slower, toFailure } from "./errors.ts";
import { type Fields, text } from "./fields.ts";
import type { Recent } from "./recent.ts";
import type { Unfinished } from "./unfinished.ts";

/** Slack's own streams, one a turn. Whoever feeds a turn waits for each call before the next: so nothing is written twice or out of order. */
export interface Streams {
  /** Whether a turn of a chat is shown, or could be now. */
  shows(chat: ChatRef): boolean;
  /** Feeds a turn's stream; the message that shows it, or null. */
  feed(chat: ChatRef, turn: string, progress: Progress, at: At): Promise<string | null>;
  /**
   * A message of an earlier process is gone on with: takes away what that process had begun in its place and not noted. Rejects with a
   * `Failure` while that can't be done.
   */
  takeOver(chat: ChatRef, message: string): Promise<void>;
  /** Ends the stream of a message with its final words. True when that is all there is to do; else the message is to be updated. */
  finish(chat: ChatRef, message: string, chunk: SlackChunk, buttons: readonly OutboundButton[]): Promise<boolean>;
}

interface At {
  readonly replyTo: string | null;
  readonly message: string | null;
}

export interface StreamParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly recent: Recent;
  readonly unfinished: Unfinished;
  readonly team: () => string;
  /** Says what the turn waits for, where that is shown. */
  say(chat: ChatRef, notice: string): Promise<void>;
  /** How long a stream is fed before another takes its place. */
  readonly streamMs: number;
  readonly log: Log;
}

/** What shows a turn: a stream, or a message that is edited since its stream has ended. */
interface Open {
  readonly chat: ChatRef;
  ts: string;
  mode: "stream" | "edits" | "quiet";
  /** What the stream has been given. */
  sent: string;
  tasks: ReadonlyMap<string, string>;
  startedAt: number;
  editedAt: number;
}

/** More than this goes out with the answer: one message takes 12,000 characters. */
const mostChars = 11_500;
/** `chat.startStream` and `chat.stopStream` take 20 a minute; whoever starts at most half of that can always stop. */
const startReserve = 10;
const mostOpen = 10;
/** Of 50 updates a minute, these are for answers. */
const updateReserve = 20;
const editEveryMs = 3_000;
/** Titles of tasks. */
const titleChars = 120;
const forgetMs = 1_800_000;
/** A stream's time is counted from when its beginning was told, its message's from when it was made. */
const clocksMs = 10_000;
const mostTries = 5;
const mostFailed = 1_000;

interface Feeding extends StreamParts {
  /** How often Slack has failed to take a message away. */
  readonly failed: Map<string, number>;
}

export function createStreams(given: StreamParts): Streams {
  const parts: Feeding = { ...given, failed: new Map() };
  const turns = new Map<string, Open>();
  const state = { off: false };
  return {
    shows(chat) {
      const own = [...turns.values()].some((each) => each.chat.chat === chat.chat && each.chat.thread === chat.thread);
      return (
        own ||
        (!state.off && chat.thread !== null && atOnce(turns) < mostOpen && parts.budget.has("chat.startStream", startReserve))
      );
    },
    async feed(chat, turn, progress, at) {
      const words = decided(harmless(progress.text));
      const open = turns.get(turn) ?? (await earlier(parts, chat, at));
      if (open) turns.set(turn, open);
      if (!open) {
        if (progress.notice !== "" && words === "") await parts.say(chat, progress.notice);
        if (state.off || chat.thread === null || atOnce(turns) >= mostOpen) return null;
        const begun = await begin(parts, chat, at, words, progress, state);
        if (!begun) return null;
        turns.set(turn, begun);
        return begun.ts;
      }
      await go(parts, open, words, progress, at);
      return open.ts;
    },
    takeOver: (chat, message) => takeOver(parts, chat, message),
    async finish(chat, message, chunk, buttons) {
      const [turn, open] = [...turns].find(([, each]) => each.ts === message && each.chat.chat === chat.chat) ?? [];
      if (turn !== undefined) turns.delete(turn);
      if (open?.mode !== "stream") return false;
      return await end(parts, open, chunk, buttons);
    },
  };
}

function atOnce(turns: Map<string, Open>): number {
  const now = performance.now();
  for (const [turn, open] of turns) if (now - open.startedAt > forgetMs) turns.delete(turn);
  return [...turns.values()].filter(({ mode }) => mode === "stream").length;
}

/** A message that an earlier process began: its stream is not ours to feed, so it is edited. */
async function earlier(parts: Feeding, chat: ChatRef, at: At): Promise<Open | null> {
  const message = at.message ?? (await parts.unfinished.of(chat, at.replyTo));
  if (message === null) return null;
  await takeOver(parts, chat, message);
  parts.unfinished.used(chat, at.replyTo);
  if (parts.budget.take("chat.stopStream"))
    void parts.api.aside("chat.stopStream", { channel: chat.chat, ts: message }).catch(() => undefined);
  const now = performance.now();
  return { chat, ts: message, mode: "edits", sent: "", tasks: new Map(), startedAt: now, editedAt: now };
}

async function takeOver(parts: Feeding, chat: ChatRef, message: string): Promise<void> {
  const lost = await parts.unfinished.after(chat, message, parts.streamMs - clocksMs);
  for (const ts of lost) {
    if (!parts.budget.has("chat.stopStream")) throw slower(parts.budget.waitMs("chat.stopStream"));
    if (!parts.budget.take("chat.delete")) throw slower(parts.budget.waitMs("chat.delete"));
    await stop(parts, { chat, ts }).catch(() => undefined);
    await removeLost(parts, chat, ts);
  }
  parts.unfinished.known(message);
}

/** Nobody looks for it again once its turn is over: so that waits, until Slack will not take it away, or has failed at it often. */
async function removeLost({ api, log, failed }: Feeding, chat: ChatRef, ts: string): Promise<void> {
  try {
    await api.aside("chat.delete", { channel: chat.chat, ts });
  } catch (error) {
    const failure = toFailure(error, true);
    const times = (failed.get(ts) ?? 0) + 1;
    if (failure.code === "platform.unavailable") remember(failed, ts, times, mostFailed);
    // An answer does not wait for it for ever.
    if (failure.code !== "platform.refused" && times < mostTries) throw failure;
    log.debug({ reason: reason(error) }, "what an earlier process had begun was not taken away");
  }
}

async function begin(
  parts: StreamParts,
  chat: ChatRef,
  at: At,
  words: string,
  progress: Progress,
  state: { off: boolean },
): Promise<Open | null> {
  const whom = recipient(parts, chat, at);
  if (whom === null || words.length > mostChars) return null;
  const { chunks, tasks } = news(words, progress, new Map());
  if (chunks.length === 0 || !parts.budget.take("chat.startStream", startReserve)) return null;
  const since = Date.now();
  const started = (ts: string): Open => {
    parts.unfinished.known(ts);
    return { chat, ts, mode: "stream", sent: words, tasks, startedAt: performance.now(), editedAt: -Infinity };
  };
  const over = Promise.withResolvers<void>();
  parts.unfinished.starting(over.promise);
  try {
    const told = await parts.api.aside("chat.startStream", { channel: chat.chat, thread_ts: chat.thread, ...whom, chunks });
    return started(text(told["ts"]) ?? "");
  } catch (error) {
    const word = refusal(error);
    if (word === "unknown_method" || word === "feature_not_enabled" || word === "not_allowed_token_type") {
      state.off = true;
      parts.log.info({ reason: word }, "Slack offers no streams here; answers come whole");
      return null;
    }
    const failure = toFailure(error, false);
    if (failure.code !== "platform.unknown_outcome") throw failure;
    // It may be there all the same: then it is the one to go on with.
    const ts = await parts.unfinished.since(chat, since).catch(() => parts.unfinished.doubt(chat));
    return typeof ts === "string" ? started(ts) : null;
  } finally {
    over.resolve();
  }
}

/** Outside of private chats Slack wants to know for whom it streams; null: we don't know. */
function recipient({ recent, team }: StreamParts, chat: ChatRef, { replyTo }: At): Fields | null {
  if (chat.chat.startsWith("D")) return {};
  const user = replyTo === null ? null : recent.author(chat.chat, replyTo);
  return user === null ? null : { recipient_team_id: team(), recipient_user_id: user };
}

async function go(parts: StreamParts, open: Open, words: string, progress: Progress, at: At): Promise<void> {
  if (open.mode === "quiet") return;
  if (open.mode === "edits") return await revise(parts, open, progress.text);
  if (!words.startsWith(open.sent) || words.length > mostChars) return await leave(parts, open, progress.text);
  if (performance.now() - open.startedAt > parts.streamMs) return await rotate(parts, open, words, progress, at);
  const { chunks, tasks } = news(words.slice(open.sent.length), progress, open.tasks);
  if (chunks.length === 0 || !parts.budget.take("chat.appendStream")) return;
  try {
    await parts.api.aside("chat.appendStream", { channel: open.chat.chat, ts: open.ts, chunks });
    open.sent = words;
    open.tasks = tasks;
  } catch (error) {
    await stumble(parts, open, progress.text, error);
  }
}

/** What an append has failed with decides how the turn is shown from then on. */
async function stumble(parts: StreamParts, open: Open, words: string, error: unknown): Promise<void> {
  const word = refusal(error);
  if (word === "stopped_by_user") {
    open.mode = "quiet";
    return;
  }
  const failure = toFailure(error, false);
  if (word === "message_not_in_streaming_state") {
    open.mode = "edits";
    return await revise(parts, open, words);
  }
  // It may have been appended: appending again could double it, while an edit says it once.
  if (failure.code === "platform.unknown_outcome") return await leave(parts, open, words);
  throw failure;
}

/** Slack ends a stream five minutes after its start. Before that another takes its place, with all that was said; else it is edited. */
async function rotate(parts: StreamParts, open: Open, words: string, progress: Progress, at: At): Promise<void> {
  const old = open.ts;
  const next = await begin(parts, open.chat, at, words, progress, { off: false }).catch(() => null);
  await stop(parts, open).catch(() => undefined);
  if (!next) {
    open.mode = "edits";
    return await revise(parts, open, progress.text);
  }
  Object.assign(open, next);
  await remove(parts, open.chat, old);
}

async function remove(parts: StreamParts, chat: ChatRef, ts: string): Promise<void> {
  if (!parts.budget.take("chat.delete")) return parts.log.debug({}, "there was no room to take a preview away");
  await parts.api
    .aside("chat.delete", { channel: chat.chat, ts })
    .catch((error: unknown) => parts.log.debug({ reason: reason(error) }, "a preview was not taken away"));
}

/** Ends the stream; the turn goes on by edits of the same message. */
async function leave(parts: StreamParts, open: Open, words: string): Promise<void> {
  open.mode = "edits";
  await stop(parts, open).catch(() => undefined);
  await revise(parts, open, words);
}

async function revise(parts: StreamParts, open: Open, words: string): Promise<void> {
  const shown = closeOpenMarks(harmless(words));
  if (shown.trim() === "" || shown.length > mostChars || performance.now() - open.editedAt < editEveryMs) return;
  if (!parts.budget.take("chat.update", updateReserve)) return;
  open.editedAt = performance.now();
  await parts.api
    .aside("chat.update", { channel: open.chat.chat, ts: open.ts, ...content({ markdown: shown }) })
    .catch((error: unknown) => {
      throw toFailure(error, true);
    });
}

/** One call where the answer is what the stream says and some more, and nothing is shown as running; else the stream is ended and its message to be updated. */
async function end(
  parts: StreamParts,
  open: Open,
  { markdown, footer }: SlackChunk,
  buttons: readonly OutboundButton[],
): Promise<boolean> {
  if (!parts.budget.take("chat.stopStream")) throw slower(parts.budget.waitMs("chat.stopStream"));
  const said = markdown.startsWith(open.sent) || markdown === open.sent.trimEnd();
  const running = [...open.tasks.values()].includes("running");
  const whole = buttons.length === 0 && said && !running;
  const rest = whole ? markdown.slice(open.sent.length) : "";
  open.mode = "edits";
  try {
    await parts.api.call("chat.stopStream", {
      channel: open.chat.chat,
      ts: open.ts,
      ...(rest === "" ? {} : { markdown_text: rest }),
      ...(whole && footer !== undefined ? { blocks: footerBlocks(footer) } : {}),
      ...metadata(`stream:${open.ts}`),
    });
    return whole;
  } catch (error) {
    // Whatever became of it, an update says it once.
    const { code } = toFailure(error, false);
    if (code === "platform.rate_limited" || code === "platform.unavailable") throw toFailure(error, true);
    return false;
  }
}

async function stop(parts: StreamParts, open: Pick<Open, "chat" | "ts">): Promise<void> {
  if (!parts.budget.take("chat.stopStream")) throw slower(parts.budget.waitMs("chat.stopStream"));
  await parts.api.aside("chat.stopStream", { channel: open.chat.chat, ts: open.ts });
}

/** What a stream has not been told yet. */
function news(
  words: string,
  { tools }: Progress,
  known: ReadonlyMap<string, string>,
): { readonly chunks: readonly Fields[]; readonly tasks: ReadonlyMap<string, string> } {
  const status = { running: "in_progress", done: "complete", failed: "error" } as const;
  const changed = tools.filter(({ call, state }) => known.get(call) !== state);
  const updates = changed.map(({ call, title, state }) => ({
    type: "task_update",
    id: call,
    title: title.replaceAll(/\s+/g, " ").slice(0, titleChars).toWellFormed() || "…",
    status: status[state],
  }));
  const chunks = [...updates, ...(words === "" ? [] : [{ type: "markdown_text", text: words }])];
  return { chunks, tasks: new Map([...known, ...changed.map(({ call, state }): [string, string] => [call, state])]) };
}
