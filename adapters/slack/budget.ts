/** What may be asked of Slack within a minute, by method. */
export interface Budget {
  /** Takes a place, leaving `reserve` for what matters more; false: there is none. */
  take(method: string, reserve?: number): boolean;
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
  "assistant.threads.setStatus": 50,
  "conversations.replies": 50,
  "conversations.history": 50,
  "users.info": 100,
};
/** A little more than a minute: two clocks and the network lie between. */
const windowMs = 61_000;

/** Keeps count, so that nothing is sent past a limit that Slack documents. */
export function createBudget(): Budget {
  const taken = new Map<string, number[]>();
  const recent = (method: string): number[] => {
    const now = performance.now();
    const left = (taken.get(method) ?? []).filter((at) => now - at < windowMs);
    taken.set(method, left);
    return left;
  };
  return {
    take(method, reserve = 0) {
      const most = perMinute[method];
      if (most === undefined) return true;
      const used = recent(method);
      if (used.length >= most - reserve) return false;
      used.push(performance.now());
      return true;
    },
    waitMs(method) {
      const [oldest] = recent(method);
      return oldest === undefined ? 0 : Math.max(0, Math.ceil(windowMs - (performance.now() - oldest)));
    },
  };
}
