import { amount, toggle, whole } from "./kinds.ts";
import { row } from "./row.ts";

const here = { effect: "use", chat: true } as const;

/** The rows of the figures and their alarms. */
export const insightsKeys = {
  "insights.alarms": row(
    toggle(),
    true,
    "Whether the owners are told, once, when the newest figures fall below these limits, and when they are well again.",
    here,
  ),
  "insights.alarm_tool_accuracy": row(
    amount(0, 1, ""),
    0.95,
    "The share of the last 200 tool calls that must be valid as they came; 0 for no alarm.",
    here,
  ),
  "insights.alarm_tokens_per_second": row(
    amount(0, 10_000, "tokens a second"),
    20,
    "How fast the last 50 answers must have been written (median); 0 for no alarm.",
    here,
  ),
  "insights.alarm_iterations": row(
    whole(0, 10_000, "model calls"),
    10,
    "How many model calls the last 20 tasks may have taken on average; 0 for no alarm.",
    here,
  ),
};
