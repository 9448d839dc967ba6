import type { Effort, ModelFacts } from "../core/model.ts";
import type { ApiMode } from "./settings.ts";

/**
 * The fields of a request's body that make a model think as much as wished, going by what its server is known to take. What is unknown is
 * left out: a server may refuse a field. It depends on its arguments only, so a session's requests stay byte-identical.
 */
export function effortFields(facts: ModelFacts, effort: Effort, mode: ApiMode = "chat_completions"): Record<string, unknown> {
  switch (mode) {
    case "chat_completions":
      return chatFields(facts, effort);
    case "responses":
      return responsesFields(facts, effort);
    case "anthropic_messages":
      return messagesFields(facts, effort);
  }
}

/** Tokens that thinking may take; null: none, or as many as it likes. */
export function thinkingBudget(facts: ModelFacts, effort: Effort): number | null {
  const budget = thinks(facts) ? budgets[effort] : null;
  if (budget === null || facts.window === null) return budget;
  return Math.min(budget, Math.floor(facts.window / windowShare));
}

/**
 * The `max_tokens` to ask for: servers count thinking in, a person's limit means the answer, so thinking's own room is added. Within half
 * of the window; null stays null (the server's own limit).
 */
export function roomFor(facts: ModelFacts, effort: Effort, maxTokens: number | null): number | null {
  if (maxTokens === null || effort === "none" || !thinks(facts)) return maxTokens;
  const wished = (thinkingBudget(facts, effort) ?? unlimitedThought) + maxTokens;
  const possible = facts.window === null ? wished : Math.min(wished, Math.floor(facts.window / 2));
  return Math.max(maxTokens, possible);
}

/** Thinking tokens by effort, from measurements of the thinking-budget parameter; `xhigh` is unlimited. */
const budgets: Readonly<Record<Effort, number | null>> = {
  none: null,
  minimal: 128,
  low: 512,
  medium: 2_048,
  high: 8_192,
  xhigh: null,
};

/** What unlimited thinking is reckoned to take. */
const unlimitedThought = 16_384;
/** Of a small window thinking gets no more than this part. */
const windowShare = 4;

/** Templates that read an effort know these three; anything else would be printed into the prompt, or refused by older vLLM. */
const levels: Readonly<Record<Effort, "low" | "medium" | "high">> = {
  none: "low",
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
};

function thinks(facts: ModelFacts): boolean {
  return facts.thinking === true || facts.effort === true;
}

function chatFields(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  switch (facts.kind) {
    case "llama-server":
      return { ...levelField(facts, effort), ...switchField(facts, effort), ...budgetField(facts, effort) };
    case "vllm":
      return { ...levelField(facts, effort), ...switchField(facts, effort) };
    case "sglang":
      return { ...levelField(facts, effort), ...bothSwitches(facts, effort) };
    case "ollama":
      return ollamaFields(facts, effort);
    // LM Studio's chat endpoint documents no such field, and a server of unknown kind may refuse one.
    case "lmstudio":
    case "other":
      return {};
  }
}

/** A template that has a switch beside its levels is switched off; one with levels only thinks as little as it can. */
function levelField(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.effort !== true || (effort === "none" && facts.thinking === true)) return {};
  return { reasoning_effort: levels[effort] };
}

/** Must be a boolean: llama-server refuses text. */
function switchField(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.thinking !== true) return {};
  return { chat_template_kwargs: { enable_thinking: effort !== "none" } };
}

/** DeepSeek's template calls the switch `thinking`; templates don't mind a variable that they never read. */
function bothSwitches(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.thinking !== true) return {};
  const on = effort !== "none";
  return { chat_template_kwargs: { enable_thinking: on, thinking: on } };
}

function budgetField(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.thinking !== true) return {};
  const budget = effort === "none" ? 0 : thinkingBudget(facts, effort);
  return budget === null ? {} : { thinking_budget_tokens: budget };
}

/** Ollama refuses levels for models that know only on and off, and thinks by itself where a model can. */
function ollamaFields(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.effort === true) return { reasoning_effort: levels[effort] };
  return facts.thinking === true && effort === "none" ? { reasoning_effort: "none" } : {};
}

function responsesFields(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  switch (facts.kind) {
    // It turns a Responses request into a chat request and keeps the fields that it does not know.
    case "llama-server":
      return { ...asReasoning(levelField(facts, effort)), ...switchField(facts, effort), ...budgetField(facts, effort) };
    case "ollama":
      return asReasoning(ollamaFields(facts, effort));
    case "vllm":
    case "sglang":
    case "lmstudio":
    case "other":
      return facts.effort === true ? asReasoning({ reasoning_effort: levels[effort] }) : {};
  }
}

function asReasoning({ reasoning_effort: effort }: Record<string, unknown>): Record<string, unknown> {
  return effort === undefined ? {} : { reasoning: { effort } };
}

/** Only llama-server is known to take these with its own models; others fail on a `thinking` that the model can't do. */
function messagesFields(facts: ModelFacts, effort: Effort): Record<string, unknown> {
  if (facts.kind !== "llama-server" || facts.thinking !== true) return {};
  const budget = thinkingBudget(facts, effort);
  const thinking = budget === null ? {} : { thinking: { type: "enabled", budget_tokens: budget } };
  return { ...switchField(facts, effort), ...thinking };
}
