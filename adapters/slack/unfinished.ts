import type { ChatRef } from "../../src/core/chats.ts";
import { remember } from "../../src/core/maps.ts";
import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { slower, toFailure } from "./errors.ts";
import { type Fields, items, text } from "./fields.ts";
import type { Recent } from "./recent.ts";

/** Streams that were begun and that nobody remembers: the process died before it had noted them, or Slack never said that it began one. */
export interface Unfinished {
  /**
   * That of the turn which answers a message; null: there is none, or Slack won't say. Asks Slack only where there is reason to, once; rejects
   * with a `Failure` while Slack can't be asked.
   */
  of(chat: ChatRef, replyTo: string | null): Promise<string | null>;
  /** What was found for a message has its use now: what else answers that message is new. */
  used(chat: ChatRef, replyTo: string | null): void;
  /** One that was begun at or after an instant. */
  since(chat: ChatRef, at: number): Promise<string | null>;
  /**
   * Those that were to take this message's place where it is one itself, begun at least so long after it by a process that died before it had
   * noted that. Asks Slack only about a message that this process does not know; rejects with a `Failure` while Slack can't be asked.
   */
  after(chat: ChatRef, message: string, leastMs: number): Promise<readonly string[]>;
  /** One is being begun, and is remembered when that is over: it is no lost one. Never rejects. */
  starting(begun: Promise<unknown>): void;
  /** This one is remembered: no other turn's answer takes its place. */
  known(message: string): void;
  /** Of this thread it is not known whether a stream was begun. */
  doubt(chat: ChatRef): void;
}

export interface UnfinishedParts {
  readonly api: SlackApi;
  readonly budget: Budget;
  readonly recent: Recent;
  /** Who we are as the writer of messages. */
  bot(): Promise<string>;
}

/** The clocks of two machines may differ by this. */
const clocksMs = 1_000;
const lookedAt = 100;
/** Of 50 looks a minute, these are for answers of unknown outcome. */
const reserve = 20;
const most = 1_000;
/** So much of what two streams say tells whether they are one turn's. */
const comparedChars = 40;

interface Begun {
  readonly ts: string;
  readonly said: string;
}

export function createUnfinished({ api, budget, recent, bot }: UnfinishedParts): Unfinished {
  const doubts = new Set<string>();
  const ours = new Map<string, true>();
  const begins = new Set<Promise<unknown>>();
  const asked = new Map<string, Promise<string | null>>();
  const nameOf = ({ chat, thread }: ChatRef): string => `${chat}:${thread ?? ""}`;
  const note = (about: string, found: Promise<string | null>): void => {
    if (asked.size >= most) asked.clear();
    asked.set(about, found);
  };
  const look = async (chat: ChatRef, oldest: string, after?: string): Promise<readonly Begun[]> => {
    if (chat.thread === null) return [];
    if (!budget.take("conversations.replies", reserve)) throw slower(budget.waitMs("conversations.replies"));
    const about = { channel: chat.chat, ts: chat.thread, oldest, inclusive: true, limit: lookedAt, include_all_metadata: true };
    const [us, found] = await Promise.all([bot(), api.aside("conversations.replies", about)]);
    const messages = items(found["messages"]);
    // What has been ended or sent whole bears our mark.
    if (messages.some((each) => each["ts"] === after && each["metadata"] !== undefined)) return [];
    const unmarked = messages.filter((each) => each["bot_id"] === us && each["metadata"] === undefined);
    const begun = unmarked.filter((each) => each["files"] === undefined).map(asBegun);
    return begun.filter(({ ts }) => !ours.has(ts) && Number(ts) >= Number(oldest));
  };
  const newest = async (chat: ChatRef, oldest: string): Promise<string | null> => (await look(chat, oldest)).at(-1)?.ts ?? null;
  return {
    async of(chat, replyTo) {
      if (replyTo === null || !/^\d+\.\d+$/.test(replyTo)) return null;
      // A message of which this process was told first is answered by streams that it knows.
      if (recent.wasTold(chat.chat, replyTo) && !doubts.has(nameOf(chat))) return null;
      const about = `${nameOf(chat)}:${replyTo}`;
      const known = asked.get(about);
      if (known) return await known;
      const found = newest(chat, replyTo).then(
        (message) => message,
        (error: unknown) => {
          const failure = toFailure(error, true);
          if (failure.code === "platform.refused") return null;
          asked.delete(about);
          throw failure;
        },
      );
      note(about, found);
      const message = await found;
      doubts.delete(nameOf(chat));
      return message;
    },
    used(chat, replyTo) {
      if (replyTo !== null) note(`${nameOf(chat)}:${replyTo}`, Promise.resolve(null));
    },
    since: (chat, at) => newest(chat, String((at - clocksMs) / 1_000)),
    async after(chat, message, leastMs) {
      const least = Number(message) + leastMs / 1_000;
      if (ours.has(message) || !(least < Date.now() / 1_000)) return [];
      const found = await look(chat, message, message).catch((error: unknown) => {
        const failure = toFailure(error, true);
        if (failure.code === "platform.refused") return [];
        throw failure;
      });
      await Promise.all(begins);
      const own = found.find(({ ts }) => ts === message);
      const later = found.filter(({ ts }) => ts !== message && Number(ts) >= least && !ours.has(ts));
      return later.filter(({ said }) => own === undefined || goesOn(own.said, said)).map(({ ts }) => ts);
    },
    starting(begun) {
      begins.add(begun);
      void begun.finally(() => begins.delete(begun));
    },
    known: (message) => remember(ours, message, true, most),
    doubt(chat) {
      if (doubts.size >= most) doubts.clear();
      doubts.add(nameOf(chat));
      for (const about of asked.keys()) if (about.startsWith(`${nameOf(chat)}:`)) asked.delete(about);
    },
  };
}

function asBegun(message: Fields): Begun {
  return { ts: text(message["ts"]) ?? "", said: text(message["text"]) ?? "" };
}

/** Whether a stream may have taken another's place: it began with all that had been said. One that says something else is another turn's. */
function goesOn(before: string, said: string): boolean {
  const first = before.trim().slice(0, comparedChars);
  return first !== "" && said.trimStart().startsWith(first);
}
