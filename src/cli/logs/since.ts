const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A time as it is typed behind `--since`, in epoch milliseconds: how long ago, a time of today, or a date; null for anything else. */
export function sinceTime(typed: string, now: number): number | null {
  const text = typed.trim().toLowerCase();
  const [, count, unit = ""] = /^(\d{1,6})\s*(s|m|h|d|w)[a-z]*(?:\s+ago)?$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  if (text === "today") return midnight(now);
  if (text === "yesterday") return midnight(midnight(now) - 1);
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60) {
    const at = new Date(now).setHours(Number(hours), Number(minutes), 0, 0);
    // At half past midnight, 23:50 is that of yesterday.
    return at > now ? at - (unitMs["d"] ?? 0) : at;
  }
  // Without a zone a date alone would be read as UTC's.
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? Date.parse(`${text}T00:00`)
    : /^\d{4}-/.test(text)
      ? Date.parse(typed.trim())
      : NaN;
  return Number.isNaN(at) ? null : at;
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
