import type { Effort, ModelFacts } from "../../core/model.ts";

/** What a tool call is expected to be: right in at least this part of all cases. */
export const leastRight = 0.95;

/** The bounds between which the true rate lies with 95 % certainty, when `right` of `done` went well: Wilson's interval. */
export function bounds(right: number, done: number): { readonly low: number; readonly high: number } {
  if (done === 0) return { low: 0, high: 1 };
  const [rate, z2] = [right / done, 1.96 ** 2];
  const middle = rate + z2 / (2 * done);
  const width = 1.96 * Math.sqrt((rate * (1 - rate)) / done + z2 / (4 * done ** 2));
  const whole = 1 + z2 / done;
  return { low: Math.max(0, (middle - width) / whole), high: Math.min(1, (middle + width) / whole) };
}

/** What can be done for better tool calls: only what this server and template support, then models that do better. */
export function adviceFor(facts: ModelFacts, effort: Effort, model: string): string {
  return `${effortAdvice(facts, effort)} ${modelAdvice(model)}`;
}

function effortAdvice({ effort: levels, thinking }: ModelFacts, effort: Effort): string {
  if (levels === true) {
    return effort === "high" || effort === "xhigh"
      ? "agent.reasoning_effort is as high as this template reads it already."
      : "Set agent.reasoning_effort to high: the template reads it.";
  }
  if (thinking === true) {
    return effort === "none"
      ? "The template can think before it calls, which may help: set agent.reasoning_effort to medium. A level beyond that only gives it more room."
      : `The probe ran without thinking; in chats the model thinks (agent.reasoning_effort ${effort}) and may do better. A higher level only gives it more room.`;
  }
  if (levels === false) return "agent.reasoning_effort xhigh would change nothing: the template reads no effort.";
  return "Whether agent.reasoning_effort changes anything here is unknown: the server does not tell.";
}

/**
 * Models that fit a 16 GB card, with what public comparisons of tool calls say of them: AML-Bench 2026 (Qwen3.5-9B 95.5 %, Qwen3.5-4B 94 to 95,
 * Qwen3-8B 92.8, where Hermes-3-8B has 62.4), and a test of 40 calls in LM Studio (Qwen3.5-4B 97.5 %, GLM-4.7-Flash 95, Qwen3-8B 85).
 * Sizes are the weights' at some 4.8 bits each.
 */
const better: readonly { readonly name: RegExp; readonly said: string }[] = [
  { name: /qwen-?3\.5-9b/i, said: "Qwen3.5-9B (about 6 GB at Q4)" },
  { name: /qwen-?3\.5-4b/i, said: "Qwen3.5-4B (3 GB)" },
  { name: /qwen-?3-8b/i, said: "Qwen3-8B (5 GB)" },
  { name: /glm-?4\.7-flash/i, said: "GLM-4.7-Flash (about 18 GB at Q4, so at 3 bits or partly in main memory)" },
];

function modelAdvice(model: string): string {
  const others = better.filter(({ name }) => !name.test(model)).map(({ said }) => said);
  return `On a 16 GB card these are known to call tools well: ${others.join(", ")}.`;
}
