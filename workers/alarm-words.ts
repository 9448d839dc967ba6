import type { Language } from "../src/core/language.ts";
import type { AlarmChanges, AlarmFigures, AlarmLimits, AlarmName, Raised } from "../src/insights/alarms.ts";

/** What an owner is told, all of it in one message; null: nothing. */
export function alarmWords(
  { begun, over }: AlarmChanges,
  figures: AlarmFigures,
  limits: AlarmLimits,
  raised: Raised,
  now: number,
  { alarms }: Language,
): string | null {
  const trouble = begun.map((name) => `- ${figureWords(name, figures, alarms)}${mendWords(name, limits, alarms)}`);
  const well = over.map((name) => `- ${figureWords(name, figures, alarms)}${alarms.lasted(minutesSince(raised[name], now))}`);
  const parts = [
    ...(trouble.length === 0 ? [] : [alarms.worse, trouble.join("\n")]),
    ...(well.length === 0 ? [] : [alarms.well, well.join("\n")]),
    ...(trouble.length === 0 ? [] : [alarms.more]),
  ];
  return parts.length === 0 ? null : parts.join("\n\n");
}

function mendWords(name: AlarmName, limits: AlarmLimits, alarms: Language["alarms"]): string {
  switch (name) {
    case "toolAccuracy":
      return alarms.toolAccuracyMend(percent(limits.toolAccuracy));
    case "tokensPerSecond":
      return alarms.tokensPerSecondMend(tenth(limits.tokensPerSecond));
    case "iterations":
      return alarms.iterationsMend(tenth(limits.iterations));
  }
}

function figureWords(name: AlarmName, figures: AlarmFigures, alarms: Language["alarms"]): string {
  switch (name) {
    case "toolAccuracy":
      return alarms.toolAccuracy(percent(figures.validCalls / Math.max(1, figures.toolCalls)), figures.toolCalls);
    case "tokensPerSecond":
      return alarms.tokensPerSecond(tenth(figures.writeMedian ?? 0), figures.writes);
    case "iterations":
      return alarms.iterations(tenth(figures.stepsMean ?? 0), figures.tasks);
  }
}

function minutesSince(since: number | undefined, now: number): number | null {
  return since === undefined ? null : Math.max(1, Math.round((now - since) / 60_000));
}

/** Cut, not rounded: what is below its limit must not look as if it were at it. */
function percent(part: number): string {
  return `${tenth(part * 100)} %`;
}

function tenth(value: number): string {
  const tenths = Math.floor(value * 10 + 1e-6) / 10;
  return String(tenths);
}
