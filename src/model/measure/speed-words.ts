import { counted } from "../discovery/reading.ts";
import type { SpeedReport, SpeedSample } from "./speed.ts";

/** Below this a person waits for words: the figure that the guides for local models name. */
export const leastWritten = 20;

/** The measurement as a table in Markdown. */
export function speedTable({ small, large }: SpeedReport): readonly string[] {
  const samples: readonly (readonly [string, SpeedSample])[] = [
    ["Small prompt", small],
    ...(large === null ? [] : ([["Large prompt", large]] as const)),
  ];
  const column = (cell: (sample: SpeedSample) => string): string[] => samples.map(([, sample]) => cell(sample));
  const rows = [
    ["Metric", ...samples.map(([name, { promptTokens }]) => `${name} (${whole(promptTokens)} tok)`)],
    ["PP (prompt processing)", ...column((it) => `${rate(it.readPerSecond)} (${time(it.readMs)})`)],
    ["TG (token generation)", ...column((it) => `${rate(it.writePerSecond)} (${time(it.writeMs)})`)],
    ["First token after", ...column((it) => time(it.firstTokenMs))],
  ];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  const [head = "", ...body] = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`);
  return [head, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...body];
}

/** What the figures mean for people, a sentence each. */
export function speedMeaning(report: SpeedReport): readonly string[] {
  const { small, large } = report;
  const last = large ?? small;
  return [
    ...waits(small, large),
    ...slowness(last),
    ...reading(last, report.window),
    ...caching(small, large),
    ...shortness(small, large),
  ];
}

/** A length of an answer that people usually get. */
const usualAnswer = 100;
/** A long conversation with tools. */
const longPrompt = 20_000;

function waits(small: SpeedSample, large: SpeedSample | null): readonly string[] {
  const said = (sample: SpeedSample): string | null =>
    sample.writePerSecond === null ? null : time((usualAnswer * 1_000) / sample.writePerSecond);
  const [short, long] = [said(small), large === null ? null : said(large)];
  if (short === null) return ["The server does not count its tokens, so there is no speed to tell."];
  const after = long === null || large === null ? "" : `, and ${long} after a large one that takes ${time(large.readMs)} to read`;
  return [`An answer of ${usualAnswer} tokens takes ${short} after a small prompt${after}.`];
}

function slowness({ writePerSecond }: SpeedSample): readonly string[] {
  if (writePerSecond === null || writePerSecond >= leastWritten) return [];
  return [
    `Under ${leastWritten} tok/s people wait for words: a smaller model, a lighter quantization, or one that leaves more of the card's memory free would help.`,
  ];
}

function reading({ readPerSecond }: SpeedSample, window: number | null): readonly string[] {
  if (readPerSecond === null) return [];
  const tokens = Math.min(longPrompt, window ?? longPrompt);
  const most = tokens < longPrompt ? ", the most that it takes," : "";
  const takes = time((tokens * 1_000) / readPerSecond);
  return [`A conversation of ${counted(tokens)} tokens${most} takes ${takes} to read when nothing of it is cached.`];
}

/** The first tokens of a template are always the same. */
const fewCached = 16;

function caching(small: SpeedSample, large: SpeedSample | null): readonly string[] {
  const parts = [small, ...(large === null ? [] : [large])].filter(({ cachedTokens }) => (cachedTokens ?? 0) >= fewCached);
  if (parts.length === 0) return [];
  const said = parts.map(({ cachedTokens, promptTokens }) => `${whole(cachedTokens)} of ${whole(promptTokens)}`).join(" and ");
  return [`Of the prompts, ${said} tokens came from the server's cache; they are not counted as read.`];
}

/** A figure of few tokens is a rough one. */
const fewTokens = 50;

function shortness(small: SpeedSample, large: SpeedSample | null): readonly string[] {
  const counts = [small.completionTokens, large?.completionTokens ?? null];
  return counts.some((count) => count !== null && count < fewTokens)
    ? [`An answer ended after fewer than ${fewTokens} tokens, so its TG figure is a rough one.`]
    : [];
}

/** Tokens a second, with a decimal where it matters. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return "? tok/s";
  return `${perSecond < 10 ? perSecond.toFixed(1) : counted(Math.round(perSecond))} tok/s`;
}

/** A time in milliseconds under a second, else in seconds. */
export function time(ms: number | null): string {
  if (ms === null) return "?";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

function whole(count: number | null): string {
  return count === null ? "?" : counted(count);
}
