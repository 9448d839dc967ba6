import { pause } from "../../src/core/pause.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { type Fields, items, text } from "./fields.ts";
import { mentioned } from "./words.ts";

/** What a channel has since some moment. */
export interface Missed {
  /** Oldest first. */
  readonly messages: readonly Fields[];
  /** False when there is more before these. */
  readonly all: boolean;
}

export interface MissedParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  /** The bot's user id. */
  readonly user: string;
  readonly signal: AbortSignal;
}

const pageSize = 100;
/** So much is read of a channel, and of a thread. */
const mostPages = 10;
/** Of fifty looks of each kind a minute, these are for commands, answers of unknown outcome and streams that a dead process began. */
const reserve = { "conversations.history": 20, "conversations.replies": 35 };
const roomMs = 2_000;

/**
 * Reads what was written in a channel since a moment, in seconds; in threads, too, where one of the newest hundred messages began it: all of
 * them in private chats, those that we have a part in elsewhere. Rejects with the SDK's error.
 */
export async function readMissed(parts: MissedParts, channel: string, since: number): Promise<Missed> {
  const found = new Map<string, Fields>();
  const keep = (messages: readonly Fields[]): void => {
    for (const each of messages) if (momentOf(each) > since) found.set(text(each["ts"]) ?? "", each);
  };
  const { roots, all } = await rootsOf(parts, channel, since);
  keep(roots);
  for (const root of roots.filter((each) => isOurs(parts, channel, each) && Number(each["latest_reply"] ?? 0) > since))
    keep(await repliesOf(parts, channel, text(root["ts"]) ?? "", since));
  const messages = [...found.values()].toSorted((one, other) => momentOf(one) - momentOf(other));
  return { messages: messages.map(asTold), all };
}

async function rootsOf(parts: MissedParts, channel: string, since: number): Promise<{ roots: readonly Fields[]; all: boolean }> {
  const roots: Fields[] = [];
  for (let page = 0; page < mostPages; page += 1) {
    const last = text(roots.at(-1)?.["ts"]);
    const told = await ask(parts, "conversations.history", {
      channel,
      limit: pageSize,
      ...(last === null ? {} : { latest: last }),
    });
    roots.push(...items(told["messages"]));
    const oldest = roots.at(-1);
    if (told["has_more"] !== true || oldest === undefined || momentOf(oldest) <= since) return { roots, all: true };
  }
  return { roots, all: false };
}

async function repliesOf(parts: MissedParts, channel: string, ts: string, since: number): Promise<readonly Fields[]> {
  const replies: Fields[] = [];
  for (let page = 0; page < mostPages; page += 1) {
    const oldest = text(replies.at(-1)?.["ts"]) ?? String(since);
    const told = await ask(parts, "conversations.replies", { channel, ts, oldest, limit: pageSize });
    replies.push(...items(told["messages"]));
    if (told["has_more"] !== true) break;
  }
  return replies;
}

/** Waits for room: nobody waits for this. */
async function ask({ api, budget, signal }: MissedParts, method: keyof typeof reserve, params: Fields): Promise<Fields> {
  while (!budget.take(method, reserve[method])) {
    await pause(roomMs, signal);
    signal.throwIfAborted();
  }
  return await api.aside(method, params);
}

/** Threads of channels are read where we have spoken, or were spoken to at their beginning. */
function isOurs({ user }: MissedParts, channel: string, root: Fields): boolean {
  const { reply_users: writers } = root;
  return (
    channel.startsWith("D") ||
    (Array.isArray(writers) && writers.includes(user)) ||
    mentioned(text(root["text"]) ?? "").includes(user)
  );
}

/** In an event, the message that begins a thread does not name it. */
function asTold(message: Fields): Fields {
  const { thread_ts: thread, ...rest } = message;
  return thread === message["ts"] ? rest : message;
}

function momentOf(message: Fields): number {
  return Number(text(message["ts"]) ?? 0);
}
