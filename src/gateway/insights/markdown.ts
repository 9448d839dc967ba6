import { plainWords, unhiddenLine } from "../../core/markdown.ts";
import type { CallUsage, ContextUsage, ToolUsage, Usage, UsageSpan } from "../../store/usage.ts";
import { counted, countOf, percent, seconds, short } from "./words.ts";

/** The figures as Markdown: lists and tables that read as plain text too. */
export function insightsMarkdown(usage: Usage, span: UsageSpan, flags: readonly string[]): string {
  const where = span.platform === null ? "" : ` on ${plainWords(span.platform)}`;
  const title = `**The last ${span.days === 1 ? "day" : `${span.days} days`}${where}**`;
  if (usage.all.calls === 0 && usage.turns.turns === 0 && usage.asked.messages === 0) return `${title}\n\nNothing was asked.`;
  return [
    [title],
    [...asked(usage), ...tokens(usage.all), ...speeds(usage.all), ...toolCalls(usage)].map((line) => `- ${line}`),
    contexts(usage.contexts),
    tools(usage.tools),
    usage.models.length < 2 ? [] : ["By model:", ...usage.models.map((each) => `- ${modelLine(each)}`)],
    flags.length === 0 ? [] : ["To look at:", ...flags.map((flag) => `- ${flag}`)],
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n");
}

/** The length of a prompt: `2K–4K`. */
export function lengthOf({ from, below }: Pick<ContextUsage, "from" | "below">): string {
  const size = (tokens: number) => `${tokens / 1_024}K`;
  if (below === null) return `${size(from)}+`;
  return from === 0 ? `< ${size(below)}` : `${size(from)}–${size(below)}`;
}

/** In a chat nobody reads a longer table; `--json` has them all. */
const mostTools = 12;
const longestName = 40;

function asked({ asked: { messages, people, waitMedianMs, waitHighMs }, turns }: Usage): string[] {
  const waits =
    waitMedianMs === null || waitHighMs === null
      ? ""
      : `; begun after ${seconds(waitMedianMs)} (median), one in ten waited over ${seconds(waitHighMs)}`;
  const written = messages === 0 ? [] : [`Messages: ${counted(messages)} from ${countOf(people, "person", "people")}${waits}`];
  return [...written, tasks(turns)];
}

function tasks(turns: Usage["turns"]): string {
  const ends = [
    [turns.answered, "answered"],
    [turns.failed, "failed"],
    [turns.stopped, "stopped"],
  ] as const;
  const said = ends.filter(([count], at) => at === 0 || count > 0).map(([count, word]) => `${counted(count)} ${word}`);
  const steps =
    turns.stepsMean === null
      ? ""
      : `; model calls a task: ${turns.stepsMean.toFixed(1)} on average, ${turns.stepsMost ?? 0} at most`;
  return `Tasks: ${counted(turns.turns)} (${said.join(", ")})${steps}`;
}

function tokens(all: CallUsage): string[] {
  const cached =
    all.cached === null ? "the server does not tell what was cached" : `${percent(all.cached)} from the server's cache`;
  const model = countOf(all.calls, "model call");
  const failed = all.failures === 0 ? "" : `, ${counted(all.failures)} failed`;
  return [
    `Tokens: ${counted(all.promptTokens)} read (${cached}), ${counted(all.completionTokens)} written, in ${model}${failed}`,
  ];
}

function speeds(all: CallUsage): string[] {
  const lines = [
    spread("Writing", all.writeMedian, all.writeLow, "tok/s"),
    spread("Reading what was not cached", all.readMedian, all.readLow, "tok/s"),
  ].filter((line) => line !== null);
  const { firstTokenMedianMs: median, firstTokenHighMs: high, queuedHighMs: queued } = all;
  if (median === null || high === null) return lines;
  const waited = queued !== null && queued >= 1_000 ? `; one call in ten waited ${seconds(queued)} for a place before that` : "";
  return [...lines, `First token: after ${seconds(median)} (median), one call in ten over ${seconds(high)}${waited}`];
}

function spread(what: string, median: number | null, low: number | null, unit: string): string | null {
  return median === null || low === null
    ? null
    : `${what}: ${short(median)} ${unit} (median), one call in ten under ${short(low)}`;
}

function toolCalls({ all, latest }: Usage): string[] {
  if (all.toolCalls === 0) return [];
  const rolling = latest.calls < all.toolCalls ? `; of the last ${latest.calls}: ${percent(latest.valid / latest.calls)}` : "";
  const text = all.textCalls === 0 ? "" : `; ${percent(all.textCalls / all.toolCalls)} came as text`;
  return [
    `Tool calls: ${counted(all.toolCalls)}, ${percent(all.validCalls / all.toolCalls)} valid as they came${rolling}${text}`,
  ];
}

function modelLine(each: CallUsage): string {
  const speed = each.writeMedian === null ? "" : `, ${short(each.writeMedian)} tok/s`;
  const cache = each.cached === null ? "" : `, ${percent(each.cached)} cached`;
  const valid =
    each.toolCalls === 0 ? "" : `, ${percent(each.validCalls / each.toolCalls)} of ${counted(each.toolCalls)} tool calls valid`;
  const failed = each.failures === 0 ? "" : `, ${counted(each.failures)} failed`;
  return `${plainWords(each.model)} at ${plainWords(each.server)}: ${counted(each.calls)} calls, ${counted(each.promptTokens)} + ${counted(each.completionTokens)} tokens${speed}${cache}${valid}${failed}`;
}

function contexts(all: readonly ContextUsage[]): readonly string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ calls, readMedian, writeMedian, firstTokenMedianMs, cached, ...length }) => [
    lengthOf(length),
    counted(calls),
    orNone(readMedian, short),
    orNone(writeMedian, short),
    orNone(firstTokenMedianMs, seconds),
    orNone(cached, percent),
  ]);
  return [
    "By context, in tokens (speeds in tok/s):",
    "",
    ...table(["Context", "Calls", "Reading", "Writing", "First token", "Cached"], rows),
  ];
}

function tools(all: readonly ToolUsage[]): readonly string[] {
  if (all.length === 0) return [];
  const rows = all
    .slice(0, mostTools)
    .map(({ name, calls, failed, unknown, medianMs }) => [
      plainWords(unhiddenLine(name.slice(0, longestName))),
      counted(calls),
      failed === 0 ? "0" : `${counted(failed)} (${percent(failed / calls)})`,
      counted(unknown),
      orNone(medianMs, seconds),
    ]);
  const named = all.some(({ unknown }) => unknown > 0);
  const columns = ["Tool", "Calls", "Failed", "Cut off", "Median time"];
  const shown = (row: readonly string[]) => (named ? row : row.filter((_, at) => at !== 3));
  const more = all.length <= mostTools ? [] : ["", `… and ${countOf(all.length - mostTools, "other tool")}.`];
  return ["By tool:", "", ...table(shown(columns), rows.map(shown)), ...more];
}

function orNone(value: number | null, said: (value: number) => string): string {
  return value === null ? "–" : said(value);
}

/** The first column to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)];
}
