import type { Params } from "./slack-wire.ts";

/** How the server misbehaves. */
export type SlackFault =
  /** 429 with `Retry-After`; nothing is done. */
  | { readonly kind: "limit"; readonly retryAfter: number }
  /** Any error in the API's form; nothing is done. */
  | { readonly kind: "refuse"; readonly error: string }
  /** The connection is cut: before anything is done, or after it was done and not said. */
  | { readonly kind: "reset"; readonly when: "before" | "after" }
  /** Done or not, then this is answered instead of the truth (a 502 page of a proxy, half of a JSON text). */
  | { readonly kind: "garble"; readonly status: number; readonly body: string; readonly done: boolean }
  /** It is done and answered, late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** It is done and never answered. */
  | { readonly kind: "hang" };

/** Which requests a fault strikes. */
export interface SlackTarget {
  /** All methods when left out. */
  readonly method?: string;
  /** All channels when left out. */
  readonly channel?: string;
  /** How many of them; default 1. */
  readonly times?: number;
}

export interface SlackFaults {
  /** What comes back takes it off again. */
  add(target: SlackTarget, fault: SlackFault): () => void;
  /** The fault for a request, used up by it. */
  next(method: string, params: Params): SlackFault | null;
  clear(): void;
}

export function createSlackFaults(): SlackFaults {
  let planned: { readonly target: SlackTarget; readonly fault: SlackFault; left: number }[] = [];
  return {
    add(target, fault) {
      const plan = { target, fault, left: target.times ?? 1 };
      planned.push(plan);
      return () => void (plan.left = 0);
    },
    next(method, params) {
      const channel = params["channel"] ?? params["channel_id"];
      const hit = planned.find(
        ({ target, left }) =>
          left > 0 &&
          (target.method === undefined || target.method === method) &&
          (target.channel === undefined || target.channel === channel),
      );
      if (!hit) return null;
      hit.left -= 1;
      return hit.fault;
    },
    clear() {
      planned = [];
    },
  };
}

/** Slack's tiers as its method pages give them, in requests a minute over a workspace. */
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
  "files.getUploadURLExternal": 100,
  "files.completeUploadExternal": 100,
};

/** Counts what each method is sent, and tells how long to wait where that is too much; 0: it may pass. */
export function createTiers(): { take(method: string): number } {
  const taken = new Map<string, number[]>();
  return {
    take(method) {
      const most = perMinute[method];
      if (most === undefined) return 0;
      const now = performance.now();
      const recent = (taken.get(method) ?? []).filter((at) => now - at < 60_000);
      taken.set(method, recent);
      const [oldest] = recent;
      if (recent.length >= most && oldest !== undefined) return Math.max(1, Math.ceil((60_000 - (now - oldest)) / 1_000));
      recent.push(now);
      return 0;
    },
  };
}
