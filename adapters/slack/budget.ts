import { createWindows, type Place } from "../windows.ts";

/** What may be asked of Slack within a minute, by method. */
export interface Budget {
  /** Takes a place, leaving `reserve` for what matters more; false: there is none. */
  take(method: string, reserve?: number): boolean;
  /** Whether there is a place now. */
  has(method: string, reserve?: number): boolean;
  /** A request that took a place has been answered, or will not be. */
  ended(method: string): void;
  /** How long until there is a place, in milliseconds. */
  waitMs(method: string): number;
}

/** Slack's documented tiers, in requests a minute over a workspace: method pages of 2026; tiers 2, 3 and 4 are "20+", "50+" and "100+". */
const perMinute: Readonly<Record<string, number>> = {
  "chat.startStream": 20,
  "chat.stopStream": 20,
  "chat.appendStream": 100,
  "chat.update": 50,
  "chat.delete": 50,
  "agents.sessions.setStatus": 50,
  "agents.sessions.rename": 50,
  "assistant.threads.setStatus": 50,
  "conversations.replies": 50,
  "conversations.history": 50,
  "users.info": 100,
  "users.conversations": 50,
  "assistant.threads.setSuggestedPrompts": 100,
  "files.getUploadURLExternal": 100,
  "files.completeUploadExternal": 100,
};
/** A little more than a minute: two clocks and the network lie between. */
const windowMs = 61_000;

/** Keeps count, so that nothing is sent past a limit that Slack documents. */
export function createBudget(): Budget {
  const windows = createWindows();
  const places = (method: string, reserve = 0): readonly Place[] => {
    const most = perMinute[method];
    return most === undefined ? [] : [{ name: method, most, ms: windowMs, reserve }];
  };
  return {
    take: (method, reserve) => windows.take(places(method, reserve)) === 0,
    has: (method, reserve) => places(method, reserve).every((place) => windows.waitMs(place) === 0),
    ended: (method) => windows.ended(places(method)),
    waitMs: (method) => Math.max(0, ...places(method).map((place) => windows.waitMs(place))),
  };
}
