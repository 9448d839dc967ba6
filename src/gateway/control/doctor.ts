import type { Db } from "../../store/hold.ts";
import { dropStaleLeases, hurryDeliveries, recordHealth, reviveRefused, stuckOnes } from "../../store/health.ts";

/** What the doctor needs of whoever holds the record. */
export interface DoctorParts {
  readonly db: Db;
  /** Puts sessions and chats on the queue again, whatever jobs of theirs are there; null where no service runs to take them up. */
  readonly requeue?: ((sessions: readonly string[], chats: readonly string[]) => Promise<void>) | null;
}

interface Reply {
  readonly ok: boolean;
  readonly text: string;
}

/** `look`, as JSON; or `mend` and what of it (of `refused`: on which platform), as a line to print. */
export async function doctorControl(
  parts: DoctorParts,
  [what = "", which = "", platform = ""]: readonly string[],
): Promise<Reply> {
  if (what === "look") {
    const health = await recordHealth(parts.db);
    return { ok: true, text: JSON.stringify({ ...health, service: typeof parts.requeue === "function" }) };
  }
  return await mend(parts, which, platform);
}

async function mend(parts: DoctorParts, which: string, platform: string): Promise<Reply> {
  const { db, requeue = null } = parts;
  switch (which) {
    case "leases":
      return { ok: true, text: `Let go of ${await dropStaleLeases(db)} that processes held which have gone.` };
    case "stuck": {
      const sessions = await stuckOnes(db);
      await requeue?.(sessions, []);
      return told(counted(sessions.length, "conversation"), requeue !== null, "put on the queue again");
    }
    case "undelivered": {
      const chats = await hurryDeliveries(db);
      await requeue?.([], [...new Set(chats)]);
      return told(counted(chats.length, "answer"), requeue !== null, "tried again now");
    }
    case "refused": {
      const chats = await reviveRefused(db, platform);
      await requeue?.([], [...new Set(chats)]);
      return told(counted(chats.length, "refused answer"), requeue !== null, "tried again now");
    }
    default:
      return { ok: false, text: `There is nothing named "${which}" to mend.` };
  }
}

function told(what: string, running: boolean, does: string): Reply {
  return { ok: true, text: running ? `${what} ${does}.` : `${what}: no service runs; the next start takes them up.` };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
