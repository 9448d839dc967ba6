import type { DueSchedule, Fired } from "../store/schedule-runs.ts";
import { lastInstant, nextInstant } from "./next.ts";
import { dayMs, minuteMs } from "./zones.ts";

/** A run so long after its instant still counts as on time: a restart, a busy minute. */
const onTimeMs = 2 * minuteMs;
/** How far back `all` makes up for what was missed, and how many at most. */
const graceMs = dayMs;
const mostMadeUp = 24;

/**
 * What becomes of a schedule whose time has come, at `now` of the record's clock. On time there is one instant and it runs. After a
 * downtime there may be many: `skip` runs none but what is on time, `once` one for all, `all` each of the last day, at most 24.
 */
export function decideFiring({ id, timing, missed, remaining, nextAt }: DueSchedule, now: number): Fired {
  if (remaining !== null && remaining <= 0) return { id, instants: [], skipped: null, nextAt: null, remaining: 0 };
  const last = lastInstant(timing, nextAt - 1, now) ?? nextAt;
  const chosen = missed === "all" ? lately(timing, nextAt, now, last) : missed === "skip" && now - last > onTimeMs ? [] : [last];
  const instants = remaining === null ? chosen : chosen.slice(-remaining);
  const left = remaining === null ? null : remaining - instants.length;
  const first = instants[0] ?? Number.POSITIVE_INFINITY;
  const passed = nextAt < first ? (lastInstant(timing, nextAt - 1, Math.min(first, now + 1) - 1) ?? nextAt) : null;
  return {
    id,
    instants,
    skipped: passed,
    nextAt: left === 0 ? null : nextInstant(timing, Math.max(now, last)),
    remaining: left,
  };
}

function lately(timing: DueSchedule["timing"], nextAt: number, now: number, last: number): readonly number[] {
  const from = Math.max(nextAt, now - graceMs);
  // What has been missed for longer than that runs at least once.
  if (last < from) return [last];
  const found: number[] = [];
  for (let at = nextInstant(timing, from - 1); at !== null && at <= now; at = nextInstant(timing, at)) {
    found.push(at);
    if (found.length > mostMadeUp) found.shift();
  }
  return found;
}
