import type { PostOptions } from "../../src/core/adapter.ts";
import type { ChatRef } from "../../src/core/chats.ts";
import { asFailure, Failure } from "../../src/core/failures.ts";
import type { SlackChunk } from "../render/slack.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { content, keyOf, metadata } from "./content.ts";
import { refusal, slower, toFailure } from "./errors.ts";
import { type Fields, text } from "./fields.ts";
import { answerTo } from "./answering.ts";
import { responseUrl } from "./response.ts";
import { messagesSince } from "./since.ts";
import type { Streams } from "./streams.ts";
import { whenRoom } from "../urgency.ts";
import { createWindows } from "../windows.ts";
import type { Unfinished } from "./unfinished.ts";

/** What must be said. Nothing is sent twice: an attempt of unknown outcome is looked up first. */
export interface Outgoing {
  post(chat: ChatRef, chunk: SlackChunk, options: PostOptions): Promise<string>;
  edit(chat: ChatRef, message: string, chunk: SlackChunk, options: Pick<PostOptions, "buttons">): Promise<void>;
}

export interface OutgoingParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly streams: Streams;
  readonly unfinished: Unfinished;
  readonly signal: AbortSignal;
}

/** The mark of a message that only its reader sees, which can't be changed. */
const unseen = "ephemeral";
const repeatedRemark = "(may be repeated)\n\n";

/** `chat.postMessage`: one a second in a channel, a few more for a moment, and "several hundred" a minute over a workspace, which is no number. */
const inChannel = { most: 4, ms: 4_100 };
const overAll = { name: "workspace", most: 600, ms: 61_000 };

export function createOutgoing(given: OutgoingParts): Outgoing {
  const windows = createWindows();
  const parts: Sending = {
    ...given,
    inTurn: ({ chat }, send) => whenRoom(windows, [{ ...inChannel, name: chat }, overAll], "answer", given.signal, send),
  };
  return {
    async post(chat, chunk, options) {
      const { key, replyTo, answers = replyTo, maybeRepeated, since } = options;
      const before = maybeRepeated === true && key !== undefined ? await sentBefore(parts, chat, key, since ?? 0) : null;
      if (before !== null) return before;
      // What asks with buttons is changed when it is answered, which what only one person sees can't be.
      const url = options.buttons?.length ? null : responseUrl(answers);
      const said = url !== null && maybeRepeated === true ? { ...chunk, markdown: repeatedRemark + chunk.markdown } : chunk;
      if (url !== null && (await answerTo(url, content(said, options.buttons)))) return unseen;
      const body = { ...content(chunk, options.buttons), ...metadata(key ?? "note") };
      const begun = key === undefined ? null : await parts.unfinished.of(chat, replyTo);
      const placed = begun !== null && (await tookPlace(parts, chat, begun, body));
      if (begun !== null) parts.unfinished.used(chat, replyTo);
      if (placed) return begun;
      return await postMessage(parts, chat, body);
    },
    async edit(chat, message, chunk, { buttons }) {
      if (message === unseen) throw new Failure("platform.refused", "what only one person sees can't be changed");
      if (await parts.streams.finish(chat, message, chunk, buttons ?? [])) return;
      await parts.streams.takeOver(chat, message);
      await update(parts, chat, message, { ...content(chunk, buttons), ...metadata(`edit:${message}`) });
    },
  };
}

/** Whether the message could be put in the place of one that was begun: a person may have deleted that. */
async function tookPlace(parts: OutgoingParts, chat: ChatRef, begun: string, body: Fields): Promise<boolean> {
  try {
    await update(parts, chat, begun, body);
    return true;
  } catch (error) {
    if (asFailure(error).code !== "platform.refused") throw error;
    return false;
  }
}

interface Sending extends OutgoingParts {
  /** Posts a message when there is room for it. */
  inTurn<Result>(chat: ChatRef, send: () => Promise<Result>): Promise<Result>;
}

async function postMessage({ api, inTurn }: Sending, chat: ChatRef, body: Fields): Promise<string> {
  const quiet = { unfurl_links: false, unfurl_media: false };
  const send = async (thread: string | null): Promise<string> => {
    const to = { channel: chat.chat, ...(thread === null ? {} : { thread_ts: thread }) };
    const told = await inTurn(chat, () => api.call("chat.postMessage", { ...to, ...body, ...quiet }));
    const ts = text(told["ts"]);
    if (ts === null) throw new Failure("platform.unknown_outcome", "Slack named no message", { retryable: true });
    return ts;
  };
  try {
    return await send(chat.thread);
  } catch (error) {
    // The thread was deleted under us: the channel is still there.
    if (chat.thread === null || !threadless.has(refusal(error) ?? "")) throw toFailure(error, false);
    return await send(null).catch((second: unknown) => {
      throw toFailure(second, false);
    });
  }
}

const threadless = new Set(["thread_not_found", "cannot_reply_to_message", "invalid_thread_ts", "message_not_found"]);

async function update({ api, budget }: OutgoingParts, chat: ChatRef, ts: string, body: Fields): Promise<void> {
  const edit = async (): Promise<void> => {
    if (!budget.take("chat.update")) throw slower(budget.waitMs("chat.update"));
    await api.call("chat.update", { channel: chat.chat, ts, ...body });
  };
  try {
    await edit();
  } catch (error) {
    if (refusal(error) !== "streaming_state_conflict") throw toFailure(error, true);
    // A stream that an earlier process left open.
    if (!budget.take("chat.stopStream")) throw slower(budget.waitMs("chat.stopStream"));
    await api.call("chat.stopStream", { channel: chat.chat, ts }).catch(() => undefined);
    await edit().catch((second: unknown) => {
      throw toFailure(second, true);
    });
  }
}

/** The message of an earlier attempt, or null. While that can't be told, nothing is sent. */
async function sentBefore(parts: OutgoingParts, chat: ChatRef, key: string, since: number): Promise<string | null> {
  const messages = await messagesSince(parts, chat, since);
  return text(messages.find((message) => keyOf(message) === key)?.["ts"]);
}
