import { Failure } from "../../src/core/failures.ts";
import { remember } from "../../src/core/maps.ts";
import { uploads, whenRoom } from "../urgency.ts";
import { createWindows, type Place } from "../windows.ts";
import { refusal } from "./errors.ts";

/** Keeps to Telegram's limits: sends, edits and drafts count alike. */
export interface Pacing {
  /** Makes a request that counts as a message in a chat. Rejects with a `Failure` where it was not made, else as the request does. */
  message<Result>(chat: number, kind: Kind, request: () => Promise<Result>): Promise<Result>;
  /** Makes a request that is no message, where there is room. */
  courtesy(chat: number, request: () => Promise<unknown>): Promise<void>;
}

/** `more`: a later message of a long answer. */
export type Kind = "answer" | "more" | "file" | "preview";

/** Telegram's FAQ for bots: some 30 messages a second over all chats; one a second in a chat, more in short bursts; 20 a minute in a group. */
const all = { name: "all", most: 30, ms: 1_050 };
const inPrivate = { most: 30, ms: 30_600 };
const inGroup = { most: 20, ms: 61_000 };
/** A short burst is taken, the whole of a long answer at once is not. */
const moreOfOne = { most: 1, ms: 1_050 };
/** What previews leave to answers, over all chats and in one; and courtesies to both. */
const kept = { all: 8, private: 10, group: 5, courtesy: 20 };
const mostRemembered = 10_000;

export function createPacing(closed: AbortSignal): Pacing {
  const windows = createWindows();
  /** Until when a chat takes nothing: it has said so. */
  const shut = new Map<number, number>();
  const checkOpen = (chat: number): void => {
    const left = (shut.get(chat) ?? -Infinity) - performance.now();
    if (left > 0) throw slower(left);
  };
  const noted = (chat: number, error: unknown): never => {
    const told = refusal(error);
    const seconds = told?.error_code === 429 ? (told.parameters.retry_after ?? 0) : 0;
    if (seconds > 0) remember(shut, chat, performance.now() + seconds * 1_000, mostRemembered);
    throw error;
  };
  return {
    async message(chat, kind, request) {
      checkOpen(chat);
      return await whenRoom(windows, placesOf(chat, kind), kind === "preview" ? kind : "answer", closed, async () => {
        checkOpen(chat);
        return await request().catch((error: unknown) => noted(chat, error));
      });
    },
    async courtesy(chat, request) {
      checkOpen(chat);
      await whenRoom(windows, [{ ...all, reserve: kept.courtesy }], "courtesy", closed, request);
    },
  };
}

function placesOf(chat: number, kind: Kind): readonly Place[] {
  const own = chat > 0 ? { ...inPrivate, reserve: kept.private } : { ...inGroup, reserve: kept.group };
  const places = [
    { ...own, name: String(chat) },
    { ...all, reserve: kept.all },
  ];
  if (kind === "preview") return places;
  const whole = places.map((place) => ({ ...place, reserve: 0 }));
  if (kind === "answer") return whole;
  return [...whole, kind === "file" ? uploads : { ...moreOfOne, name: `more in ${chat}` }];
}

function slower(ms: number): Failure {
  return new Failure("platform.rate_limited", `Telegram asks to wait ${Math.ceil(ms / 1_000)} s in this chat`, {
    retryable: true,
    retryAfterMs: Math.ceil(ms),
  });
}
