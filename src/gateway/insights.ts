import type { Db } from "../store/hold.ts";
import { type CallUsage, longTaskSteps, type Usage, usageOf, type UsageSpan } from "../store/usage.ts";

/** What `hermes insights` and `/insights` say of so many days: numbers only, nothing of what anybody said. Markdown that reads as plain text too. */
export async function insightsReply(
  db: Db,
  days: string,
  platform: string | null,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const wanted = days === "" ? usualDays : daysOf(days);
  if (wanted === null) return { ok: false, text: `"${days}" is no number of days from 1 to ${mostDays}.` };
  const span = { days: wanted, platform };
  return { ok: true, text: insightsText(await usageOf(db, span), span) };
}

/** How many days are looked at unless somebody says otherwise, and at most. */
const usualDays = 30;
const mostDays = 3_650;

function daysOf(written: string): number | null {
  const days = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  return days >= 1 && days <= mostDays ? days : null;
}

function insightsText(usage: Usage, span: UsageSpan): string {
  const where = span.platform === null ? "" : ` on ${span.platform}`;
  const title = `**The last ${span.days === 1 ? "day" : `${span.days} days`}${where}**`;
  if (usage.all.calls === 0 && usage.turns.turns === 0) return `${title}\n\nNothing was asked.`;
  const found = flags(usage);
  const parts = [
    [title],
    [...asked(usage), ...tokens(usage.all), ...speeds(usage.all), ...tools(usage)].map((line) => `- ${line}`),
    usage.models.length < 2 ? [] : ["By model:", ...usage.models.map((each) => `- ${modelLine(each)}`)],
    found.length === 0 ? [] : ["To look at:", ...found.map((flag) => `- ${flag}`)],
  ];
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n");
}

function asked({ turns }: Usage): string[] {
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
  return [`Tasks: ${counted(turns.turns)} (${said.join(", ")})${steps}`];
}

function tokens(all: CallUsage): string[] {
  const cached =
    all.cached === null ? "the server does not tell what was cached" : `${percent(all.cached)} from the server's cache`;
  const model = all.calls === 1 ? "1 model call" : `${counted(all.calls)} model calls`;
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

function tools({ all, latest }: Usage): string[] {
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
  return `${each.model} at ${each.server}: ${counted(each.calls)} calls, ${counted(each.promptTokens)} + ${counted(each.completionTokens)} tokens${speed}${cache}${valid}${failed}`;
}

/** The guides' targets for a local model, and where a cache does not do its work. */
const leastWritten = 20;
const leastValid = 0.95;
const leastCached = 0.5;
/** From fewer calls than these nothing follows. */
const enoughToolCalls = 50;
const enoughCalls = 10;
/** Text-form calls are read here, but each is a chance for a mistake. */
const mostText = 0.05;

function flags(usage: Usage): string[] {
  const { all, turns } = usage;
  return [
    ...(all.writeMedian !== null && all.writeMedian < leastWritten
      ? [
          `Writing is under ${leastWritten} tok/s: a smaller model, a lighter quantization or a shorter context would help; \`hermes bench model\` shows how much each prompt costs.`,
        ]
      : []),
    ...(turns.longTasks > 0
      ? [
          `${counted(turns.longTasks)} ${turns.longTasks === 1 ? "task" : "tasks"} took more than ${longTaskSteps} model calls: the model may be going round in circles; \`hermes doctor\` tells how well it calls tools.`,
        ]
      : []),
    ...(all.cached !== null && all.cached < leastCached && all.calls >= enoughCalls
      ? [
          `Less than half of the prompts came from the cache, so they are read again each time: \`hermes doctor\` tells whether the server keeps what it has read, and docs/models.md which flags do.`,
        ]
      : []),
    ...validity(usage),
    ...(all.toolCalls >= enoughToolCalls && all.textCalls / all.toolCalls > mostText
      ? [
          "Tool calls come as text: the server's --tool-call-parser or chat template does not fit the model. They are read here, but less reliably.",
        ]
      : []),
  ];
}

function validity({ latest }: Usage): string[] {
  if (latest.calls < enoughToolCalls || latest.valid / latest.calls >= leastValid) return [];
  return [
    `Only ${percent(latest.valid / latest.calls)} of the last ${latest.calls} tool calls were valid as they came (the alarm is at ${percent(leastValid)}): \`hermes doctor\` probes the model and names what its server can do about it.`,
  ];
}

function percent(part: number): string {
  // 94.96 % is under 95 %, and must not be shown as 95.
  const tenths = Math.floor(part * 1_000) / 10;
  return `${tenths % 1 === 0 ? tenths : tenths.toFixed(1)} %`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1) : counted(Math.round(value));
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
