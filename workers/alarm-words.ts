import type { AlarmChanges, AlarmFigures, AlarmLimits, AlarmName, Raised } from "../src/insights/alarms.ts";

/** What the owners are told, all of it in one message; null: nothing. */
export function alarmWords(
  { begun, over }: AlarmChanges,
  figures: AlarmFigures,
  limits: AlarmLimits,
  raised: Raised,
  now: number,
): string | null {
  const trouble = begun.map((name) => `- ${troubleWords(name, figures, limits)}`);
  const well = over.map((name) => `- ${figureWords(name, figures)}${lasted(raised[name], now)}`);
  const parts = [
    ...(trouble.length === 0 ? [] : ["**The model works less well than it should:**", trouble.join("\n")]),
    ...(well.length === 0 ? [] : ["**Well again:**", well.join("\n")]),
    ...(trouble.length === 0 ? [] : ["`/insights` has the figures. I'll write again once it is well."]),
  ];
  return parts.length === 0 ? null : parts.join("\n\n");
}

function troubleWords(name: AlarmName, figures: AlarmFigures, limits: AlarmLimits): string {
  const figure = figureWords(name, figures);
  switch (name) {
    case "toolAccuracy":
      return `${figure}, and it should be ${percent(limits.toolAccuracy)}. Let it think more (\`hermes config set agent.reasoning_effort xhigh\`), or connect a bigger model, such as one of 70B (\`hermes model\`). \`hermes doctor\` tells whether the server is at fault.`;
    case "tokensPerSecond":
      return `${figure}, and it should be ${tenth(limits.tokensPerSecond)}. A lighter quantization, a smaller model or a shorter context is faster; \`hermes bench model\` shows by how much.`;
    case "iterations":
      return `${figure}, and it should be ${tenth(limits.iterations)} at most. It may be going round in circles: let it think more (\`hermes config set agent.reasoning_effort xhigh\`), connect a bigger model, or set a limit (\`hermes config set agent.max_turns 25\`).`;
  }
}

function figureWords(name: AlarmName, figures: AlarmFigures): string {
  switch (name) {
    case "toolAccuracy":
      return `Tool calls: ${percent(figures.validCalls / Math.max(1, figures.toolCalls))} of the last ${figures.toolCalls} were valid as they came`;
    case "tokensPerSecond":
      return `Speed: the last ${figures.writes} answers were written at ${tenth(figures.writeMedian ?? 0)} tokens a second (median)`;
    case "iterations":
      return `Model calls a task: ${tenth(figures.stepsMean ?? 0)} on average in the last ${figures.tasks} tasks`;
  }
}

function lasted(since: number | undefined, now: number): string {
  if (since === undefined) return ".";
  const minutes = Math.max(1, Math.round((now - since) / 60_000));
  if (minutes < 120) return `, after ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `, after ${hours} hours.` : `, after ${Math.round(hours / 24)} days.`;
}

/** Cut, not rounded: what is below its limit must not look as if it were at it. */
function percent(part: number): string {
  return `${tenth(part * 100)} %`;
}

function tenth(value: number): string {
  const tenths = Math.floor(value * 10 + 1e-6) / 10;
  return String(tenths);
}
