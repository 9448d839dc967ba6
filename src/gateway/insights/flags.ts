import type { AlarmLimits } from "../../insights/alarms.ts";
import { enough } from "../../insights/alarms.ts";
import type { Usage } from "../../store/usage.ts";
import { counted, percent } from "./words.ts";

/** What to look at in the figures, each with what to do. */
export function flagsOf(usage: Usage, limits: AlarmLimits): readonly string[] {
  return [...slow(usage, limits), ...long(usage, limits), ...uncached(usage), ...invalid(usage, limits), ...asText(usage)];
}

/** Where a cache does not do its work. */
const leastCached = 0.5;
/** From fewer calls than these nothing follows. */
const enoughCalls = 10;
/** Text-form calls are read here, but each is a chance for a mistake. */
const mostText = 0.05;

function slow({ all }: Usage, { tokensPerSecond }: AlarmLimits): readonly string[] {
  if (all.writeMedian === null || all.writeMedian >= tokensPerSecond) return [];
  return [
    `Writing is under ${tokensPerSecond} tok/s: a smaller model, a lighter quantization or a shorter context would help; \`hermes bench model\` shows how much each prompt costs.`,
  ];
}

function long({ turns }: Usage, { iterations }: AlarmLimits): readonly string[] {
  if (iterations === 0 || turns.longTasks === 0) return [];
  return [
    `${counted(turns.longTasks)} ${turns.longTasks === 1 ? "task" : "tasks"} took more than ${iterations} model calls: the model may be going round in circles; \`hermes doctor\` tells how well it calls tools.`,
  ];
}

function uncached({ all }: Usage): readonly string[] {
  if (all.cached === null || all.cached >= leastCached || all.calls < enoughCalls) return [];
  return [
    "Less than half of the prompts came from the cache, so they are read again each time: `hermes doctor` tells whether the server keeps what it has read, and docs/models.md which flags do.",
  ];
}

function invalid({ latest }: Usage, { toolAccuracy }: AlarmLimits): readonly string[] {
  if (latest.calls < enough.toolCalls || latest.valid / latest.calls >= toolAccuracy) return [];
  return [
    `Only ${percent(latest.valid / latest.calls)} of the last ${latest.calls} tool calls were valid as they came (the alarm is at ${percent(toolAccuracy)}): \`hermes doctor\` probes the model and names what its server can do about it; \`hermes config set agent.reasoning_effort xhigh\` or a bigger model helps, too.`,
  ];
}

function asText({ all }: Usage): readonly string[] {
  if (all.toolCalls < enough.toolCalls || all.textCalls / all.toolCalls <= mostText) return [];
  return [
    "Tool calls come as text: the server's --tool-call-parser or chat template does not fit the model. They are read here, but less reliably.",
  ];
}
