import { z } from "zod";
import { type Kind, toggle, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of schedules. */
export const cronKeys = {
  timezone: row(
    zone(),
    null,
    "The time zone of schedules and times for people who have picked none with `/timezone`; without it, this machine's.",
    { env: "HERMES_TIMEZONE", effect: "use", chat: true },
  ),
  "cron.wrap_response": row(
    toggle(),
    true,
    "Whether a report says above which schedule it is of, and below when the next comes.",
    {
      effect: "use",
      chat: true,
    },
  ),
  "cron.charts": row(toggle(), true, "Whether a report with a table of numbers brings a chart of it along, as a picture.", {
    effect: "use",
    chat: true,
  }),
  "cron.max_schedules": row(whole(1, 10_000, "schedules"), 50, "Schedules that one person may have.", { effect: "use" }),
  "cron.allow_agent_scheduling": row(toggle(), false, "Whether a schedule's run may make, change and remove schedules.", {
    effect: "use",
  }),
  "cron.timeout_minutes": row(whole(1, 10_080, "minutes"), 60, "A run that takes longer is stopped.", { effect: "use" }),
  "cron.script_timeout_seconds": row(whole(1, 86_400, "seconds"), 3_600, "So does a schedule's script.", {
    env: "HERMES_CRON_SCRIPT_TIMEOUT",
    effect: "use",
  }),
  "cron.retry_minutes": row(
    minutes(),
    [5, 15, 30],
    "When a run is tried again after a failure that may pass (no model server, no sandbox): so long after each try. Empty for never.",
    { effect: "use" },
  ),
  "cron.pause_after_failures": row(whole(1, 1_000, "failures"), 5, "A schedule that fails so many times running is paused.", {
    effect: "use",
  }),
};

function zone(): Kind<string> {
  const known = (name: string): boolean => name.toUpperCase() === "UTC" || Intl.supportedValuesOf("timeZone").includes(name);
  return { schema: z.string().trim().refine(known), expected: "an IANA time zone, such as Europe/Berlin or Asia/Shanghai" };
}

/** A YAML list, or text with commas; empty text is an empty list. */
function minutes(): Kind<readonly number[]> {
  const listed = (raw: unknown): unknown =>
    typeof raw === "string" || typeof raw === "number"
      ? String(raw)
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== "")
          .map(Number)
      : raw;
  return {
    schema: z.preprocess(listed, z.array(z.int().min(1).max(10_080)).max(10)),
    expected: "minutes separated by commas, such as 5, 15, 30",
  };
}
