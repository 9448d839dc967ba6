/** What may be asked of Slack within a minute, by method. */
export interface Budget {
  /** Takes a place, leaving `reserve` for what matters more; false: there is none. */
  take(method: string, reserve?: number): boolean;
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
  "assistant.threads.setStatus": 50,
  "conversations.replies": 50,
  "conversations.history": 50,
  "users.info": 100,
};
/** A little more than a minute: two clocks and the network lie between. */
const windowMs = 61_000;
/** No request takes longer; one whose end was not told counts from then on. */
const longestMs = 30_000;

/** Keeps count, so that nothing is sent past a limit that Slack documents. A request counts from its answer: on a busy machine it leaves late. */
export function createBudget(): Budget {
  const ended = new Map<string, number[]>();
  const running = new Map<string, number[]>();
  const recent = (method: string): number[] => {
    const now = performance.now();
    const open = running.get(method) ?? [];
    const lost = open.filter((at) => now - at >= longestMs);
    if (lost.length > 0) running.set(method, open.slice(lost.length));
    const all = [...(ended.get(method) ?? []), ...lost.map((at) => at + longestMs)];
    const left = all.filter((at) => now - at < windowMs);
    ended.set(method, left);
    return left;
  };
  return {
    take(method, reserve = 0) {
      const most = perMinute[method];
      if (most === undefined) return true;
      const used = recent(method).length + (running.get(method)?.length ?? 0);
      if (used >= most - reserve) return false;
      running.set(method, [...(running.get(method) ?? []), performance.now()]);
      return true;
    },
    ended(method) {
      const [, ...others] = running.get(method) ?? [];
      if (perMinute[method] === undefined) return;
      running.set(method, others);
      ended.set(method, [...recent(method), performance.now()]);
    },
    waitMs(method) {
      const [oldest] = recent(method);
      return oldest === undefined ? 1_000 : Math.max(0, Math.ceil(windowMs - (performance.now() - oldest)));
    },
  };
}
