import { type AlarmLimits, usualLimits } from "../insights/alarms.ts";
import type { Db } from "../store/hold.ts";
import { usageOf, type UsageSpan } from "../store/usage.ts";
import { speedChart } from "./insights/chart.ts";
import { flagsOf } from "./insights/flags.ts";
import { insightsMarkdown } from "./insights/markdown.ts";

/** What is asked for, as it was typed. */
export interface InsightsWish {
  readonly days: string;
  readonly platform: string | null;
  /** From where figures are something to look at. */
  readonly limits?: AlarmLimits;
}

/** What `hermes insights` and `/insights` say of so many days: numbers only, nothing of what anybody said. */
export async function insightsReply(
  db: Db,
  { days, platform, limits = usualLimits }: InsightsWish,
  form: "text" | "json" = "text",
): Promise<{ readonly ok: boolean; readonly text: string; readonly chart: () => Promise<Uint8Array | null> }> {
  const wanted = days === "" ? usualDays : daysOf(days);
  if (wanted === null)
    return { ok: false, text: `"${days}" is no number of days from 1 to ${mostDays}.`, chart: async () => null };
  const span: UsageSpan = { days: wanted, platform };
  const usage = await usageOf(db, span, limits.iterations);
  const flags = flagsOf(usage, limits);
  const text = form === "json" ? JSON.stringify({ ...span, ...usage, flags }, null, 2) : insightsMarkdown(usage, span, flags);
  return { ok: true, text, chart: async () => await speedChart(usage.contexts) };
}

/** How many days are looked at unless somebody says otherwise, and at most. */
const usualDays = 30;
const mostDays = 3_650;

function daysOf(written: string): number | null {
  const days = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  return days >= 1 && days <= mostDays ? days : null;
}
