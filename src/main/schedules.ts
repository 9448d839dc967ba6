import type { ScheduleParts } from "../../workers/schedule-ends.ts";
import type { Config } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import type { Log } from "../core/log.ts";
import type { Queues } from "../core/queue.ts";
import type { Database } from "../store/database.ts";
import { runQueue, scheduleClock, scheduleQueue, type ScheduleRules } from "../core/schedule.ts";
import type { DeskParts } from "../schedules/desk.ts";
import { approvalSettings } from "./policy-settings.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** What of a process schedules are made of. */
interface Process {
  readonly config: Config;
  readonly follow: LiveConfig;
  readonly database: Database;
  readonly queues: Queues;
  readonly log: Log;
}

/** What schedules' runs need of the process. */
export function scheduleWork({ config, follow, database, queues, log }: Process, sandboxes: Sandboxes): ScheduleParts {
  return {
    db: database.db,
    queues,
    log,
    home: config.home,
    sandboxes,
    policy: async () => approvalSettings(await follow.refresh(), []),
    async rules() {
      const { cron, display } = await follow.refresh();
      return {
        wrap: cron.wrapResponse,
        charts: cron.charts,
        fromRuns: cron.allowAgentScheduling,
        timeoutMs: cron.timeoutMinutes * 60_000,
        scriptMs: cron.scriptTimeoutSeconds * 1_000,
        retryMs: cron.retryMinutes.map((minutes) => minutes * 60_000),
        pauseAfter: cron.pauseAfterFailures,
        language: display.language,
      };
    },
  };
}

/** What the configuration says to whoever makes schedules. */
export function scheduleRules({ timezone, cron }: Config): ScheduleRules {
  return {
    zone: timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    mostPerPerson: cron.maxSchedules,
    fromRuns: cron.allowAgentScheduling,
  };
}

/** Making and changing schedules. */
export function scheduleDesk({ follow, database, queues, log }: Omit<Process, "config">): DeskParts {
  return {
    db: database.db,
    rules: async () => scheduleRules(await follow.refresh()),
    async wake(run) {
      await queues
        .queue(run === null ? scheduleQueue : runQueue)
        .wake(run === null ? scheduleClock : `run:${run}`)
        .catch((error: unknown) => log.warn({ error }, "the queue can't be reached; the sweeper looks at the schedules"));
    },
  };
}
