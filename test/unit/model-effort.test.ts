import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { efforts, type Effort, type ModelFacts, type ServerKind } from "../../src/core/model.ts";
import { rootOf, shownModel } from "../../src/model/address.ts";
import { effortFields, roomFor, thinkingBudget } from "../../src/model/effort.ts";
import { unknownFacts } from "../../src/model/facts.ts";

function facts(kind: ServerKind, known: Partial<ModelFacts> = {}): ModelFacts {
  return { ...unknownFacts(null), kind, ...known };
}

const switchable = { thinking: true, effort: false };
const levelled = { thinking: false, effort: true };
const both = { thinking: true, effort: true };
const on = { chat_template_kwargs: { enable_thinking: true } };
const off = { chat_template_kwargs: { enable_thinking: false } };

type Row = readonly [kind: ServerKind, known: Partial<ModelFacts>, effort: Effort, fields: Readonly<Record<string, unknown>>];

const chatRows: readonly Row[] = [
  ["llama-server", switchable, "none", { ...off, thinking_budget_tokens: 0 }],
  ["llama-server", switchable, "minimal", { ...on, thinking_budget_tokens: 128 }],
  ["llama-server", switchable, "low", { ...on, thinking_budget_tokens: 512 }],
  ["llama-server", switchable, "medium", { ...on, thinking_budget_tokens: 2_048 }],
  ["llama-server", switchable, "high", { ...on, thinking_budget_tokens: 8_192 }],
  ["llama-server", switchable, "xhigh", on],
  ["llama-server", { ...switchable, window: 8_192 }, "high", { ...on, thinking_budget_tokens: 2_048 }],
  ["llama-server", levelled, "none", { reasoning_effort: "low" }],
  ["llama-server", levelled, "minimal", { reasoning_effort: "low" }],
  ["llama-server", levelled, "medium", { reasoning_effort: "medium" }],
  ["llama-server", levelled, "xhigh", { reasoning_effort: "high" }],
  ["llama-server", both, "none", { ...off, thinking_budget_tokens: 0 }],
  ["llama-server", both, "low", { reasoning_effort: "low", ...on, thinking_budget_tokens: 512 }],
  ["vllm", switchable, "none", off],
  ["vllm", switchable, "high", on],
  ["vllm", levelled, "xhigh", { reasoning_effort: "high" }],
  ["vllm", levelled, "none", { reasoning_effort: "low" }],
  ["vllm", both, "medium", { reasoning_effort: "medium", ...on }],
  ["sglang", switchable, "none", { chat_template_kwargs: { enable_thinking: false, thinking: false } }],
  ["sglang", switchable, "low", { chat_template_kwargs: { enable_thinking: true, thinking: true } }],
  ["sglang", levelled, "minimal", { reasoning_effort: "low" }],
  ["ollama", switchable, "none", { reasoning_effort: "none" }],
  ["ollama", switchable, "high", {}],
  ["ollama", both, "high", { reasoning_effort: "high" }],
  ["ollama", both, "none", { reasoning_effort: "low" }],
  ["lmstudio", both, "high", {}],
  ["other", both, "none", {}],
];

test("each server gets an effort in the fields that it takes", () => {
  for (const [kind, known, effort, fields] of chatRows) {
    assert.deepEqual(effortFields(facts(kind, known), effort), fields, `${kind} ${JSON.stringify(known)} ${effort}`);
  }
});

test("the Responses and Messages forms have fields of their own", () => {
  const at = (kind: ServerKind, known: Partial<ModelFacts>, effort: Effort, mode: "responses" | "anthropic_messages") =>
    effortFields(facts(kind, known), effort, mode);
  assert.deepEqual(at("llama-server", both, "low", "responses"), {
    reasoning: { effort: "low" },
    ...on,
    thinking_budget_tokens: 512,
  });
  assert.deepEqual(at("llama-server", both, "none", "responses"), { ...off, thinking_budget_tokens: 0 });
  assert.deepEqual(at("lmstudio", levelled, "high", "responses"), { reasoning: { effort: "high" } });
  assert.deepEqual(at("ollama", switchable, "none", "responses"), { reasoning: { effort: "none" } });
  assert.deepEqual(at("vllm", switchable, "high", "responses"), {});
  assert.deepEqual(at("llama-server", switchable, "high", "anthropic_messages"), {
    ...on,
    thinking: { type: "enabled", budget_tokens: 8_192 },
  });
  assert.deepEqual(at("llama-server", switchable, "none", "anthropic_messages"), off);
  assert.deepEqual(at("ollama", switchable, "high", "anthropic_messages"), {});
});

const anyKind = fc.constantFrom<ServerKind>("llama-server", "vllm", "ollama", "lmstudio", "sglang", "other");
const anyMode = fc.constantFrom("chat_completions", "responses", "anthropic_messages" as const);
const anyEffort = fc.constantFrom(...efforts);

test("of a server of which nothing is known, no field is sent that it could refuse", () => {
  fc.assert(
    fc.property(anyKind, anyMode, anyEffort, fc.constantFrom(null, false), (kind, mode, effort, unknown) => {
      assert.deepEqual(effortFields(facts(kind, { thinking: unknown, effort: unknown }), effort, mode), {});
    }),
  );
});

test("an answer has room after its thinking, within half of the window", () => {
  const thinker = facts("llama-server", { ...switchable, window: 65_536 });
  assert.equal(roomFor(thinker, "high", 512), 8_192 + 512);
  assert.equal(roomFor(thinker, "medium", 24), 2_048 + 24);
  assert.equal(roomFor(thinker, "xhigh", 24), 16_384 + 24);
  assert.equal(roomFor(thinker, "none", 512), 512);
  assert.equal(roomFor(thinker, "high", null), null);
  assert.equal(roomFor(facts("other"), "high", 512), 512);
  const window = fc.option(fc.integer({ min: 2_100, max: 1_000_000 }));
  const wished = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(anyEffort, window, wished, (effort, tokens, maxTokens) => {
      const model = facts("llama-server", { ...switchable, window: tokens });
      const room = roomFor(model, effort, maxTokens) ?? 0;
      assert.ok(room >= maxTokens);
      assert.ok(room === maxTokens || tokens === null || room <= tokens / 2);
      const budget = thinkingBudget(model, effort);
      const half = tokens === null ? Number.POSITIVE_INFINITY : Math.floor(tokens / 2);
      if (budget !== null) assert.equal(room, Math.max(maxTokens, Math.min(budget + maxTokens, half)));
    }),
  );
});

test("a model's file is shown by its name", () => {
  assert.equal(shownModel("./models/Qwen3-8B-Q4_K_M.gguf"), "Qwen3-8B-Q4_K_M");
  assert.equal(shownModel("models/toy.gguf"), "toy");
  assert.equal(shownModel("/srv/models/Qwen3-8B/"), "Qwen3-8B");
  assert.equal(shownModel("C:\\models\\toy.gguf"), "toy");
  assert.equal(shownModel("Qwen/Qwen3-8B"), "Qwen/Qwen3-8B");
  assert.equal(shownModel("qwen3:8b"), "qwen3:8b");
});

test("a server's own endpoints are where its version is taken off", () => {
  assert.equal(rootOf("http://h:8080/v1"), "http://h:8080");
  assert.equal(rootOf("https://h/llama/v1?key=x"), "https://h/llama");
  assert.equal(rootOf("http://u:p@h:1"), "http://u:p@h:1");
});
