import type { LeaveReason } from "../src/agent/turn-setting.ts";
import { leaseMs, leaseRenewMs } from "../src/core/limits.ts";
import type { Log } from "../src/core/log.ts";
import type { Db } from "../src/store/hold.ts";
import { renewLeases } from "../src/store/sessions.ts";

/** The turn a held session is running, and the way to end it. */
export interface Running {
  readonly turn: string;
  leave(reason: LeaveReason): void;
}

/** What this process holds: kept alive by one statement for all sessions, and let go of when it can't be. */
export interface Leases {
  /** Remembers that a session is held; `set` names its running turn. The first hold starts the renewals, the last one ends them. */
  hold(session: string): { set(running: Running | null): void; drop(): void };
  /** Ends the turn if it runs here. */
  stop(turn: string): void;
  /** Asks all running turns to let go. */
  leaveAll(): void;
  close(): void;
}

/** Renews every lease of `holder`, finds stop requests, and drops what was lost to another worker or to a dead record. */
export function keepLeases(db: Db, holder: string, log: Log): Leases {
  const sessions = new Map<string, Running | null>();
  let timer: NodeJS.Timeout | null = null;
  let renewedAt = performance.now();

  const leave = (session: string, reason: LeaveReason) => sessions.get(session)?.leave(reason);
  const renew = async (): Promise<void> => {
    const held = [...sessions.keys()];
    try {
      const renewed = await renewLeases(db, holder, leaseMs);
      renewedAt = performance.now();
      for (const session of held) {
        if (!renewed.held.has(session) && sessions.has(session)) leave(session, "leave");
      }
      for (const turn of renewed.stopping) stop(turn);
    } catch (error) {
      log.warn({ error }, "the leases could not be renewed");
      // Another worker may take over as soon as the lease is out: stop working before that.
      if (performance.now() - renewedAt > leaseMs) for (const session of held) leave(session, "leave");
    }
    schedule();
  };
  const schedule = () => {
    timer = sessions.size > 0 ? setTimeout(() => void renew(), leaseRenewMs) : null;
  };
  const stop = (turn: string) => {
    for (const running of sessions.values()) if (running?.turn === turn) running.leave("stop");
  };
  return {
    hold(session) {
      if (sessions.size === 0) renewedAt = performance.now();
      sessions.set(session, null);
      if (!timer) schedule();
      return {
        set: (running) => void sessions.set(session, running),
        drop: () => void sessions.delete(session),
      };
    },
    stop,
    leaveAll() {
      for (const session of sessions.keys()) leave(session, "leave");
    },
    close() {
      if (timer) clearTimeout(timer);
      sessions.clear();
    },
  };
}
