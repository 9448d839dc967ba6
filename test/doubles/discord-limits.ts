import { createHash } from "node:crypto";

/** A bucket's room: so many requests in so many seconds. */
export interface Room {
  readonly limit: number;
  readonly seconds: number;
  /** Routes that name the same have one room together. */
  readonly shared?: string;
}

/** Rooms by route; `POST /channels/:id/messages` and so on. Others have none. */
export type Rooms = Readonly<Record<string, Room>>;

/** What is known of Discord's own: messages and edits, five in five seconds a channel; reactions, one in a quarter of a second. */
export const usualRooms: Rooms = {
  "PUT /channels/:id/messages/:id/reactions/:emoji/@me": { limit: 1, seconds: 0.25, shared: "reactions" },
  "DELETE /channels/:id/messages/:id/reactions/:emoji/@me": { limit: 1, seconds: 0.25, shared: "reactions" },
  "POST /channels/:id/messages": { limit: 5, seconds: 5 },
  "PATCH /channels/:id/messages/:id": { limit: 5, seconds: 5 },
  "POST /channels/:id/typing": { limit: 5, seconds: 5 },
};

export interface Verdict {
  readonly allowed: boolean;
  readonly retryAfter: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts requests a bucket (a route and its channel) and tells so in the headers. */
export function createLimits(rooms: Rooms): { take(route: string, channel: string): Verdict; readonly broken: () => number } {
  const buckets = new Map<string, { left: number; resetAt: number }>();
  let broken = 0;
  return {
    broken: () => broken,
    take(route, channel) {
      const room = rooms[route];
      if (!room) return { allowed: true, retryAfter: 0, headers: {} };
      const name = room.shared ?? route;
      const key = `${name} ${channel}`;
      const now = performance.now();
      const known = buckets.get(key);
      const bucket = known && known.resetAt > now ? known : { left: room.limit, resetAt: now + room.seconds * 1_000 };
      buckets.set(key, bucket);
      const allowed = bucket.left > 0;
      if (allowed) bucket.left -= 1;
      // Which routes share a room is told with a route's first answer: nobody can keep to it before.
      else if (room.shared === undefined) broken += 1;
      const after = (bucket.resetAt - now) / 1_000;
      const headers = {
        "x-ratelimit-limit": String(room.limit),
        "x-ratelimit-remaining": String(bucket.left),
        "x-ratelimit-reset": String((Date.now() + after * 1_000) / 1_000),
        "x-ratelimit-reset-after": after.toFixed(3),
        "x-ratelimit-bucket": createHash("md5").update(name).digest("hex"),
      };
      return { allowed, retryAfter: after, headers };
    },
  };
}
