import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ModelFacts, ServerKind } from "../../src/core/model.ts";
import { connect, type Connection } from "../../src/model/connection.ts";
import { newCounter } from "../../src/model/count.ts";
import { rememberFacts } from "../../src/model/facts-memory.ts";
import { discover, type Discovered } from "../../src/model/facts.ts";
import { modelServerWith, type ModelServerOptions } from "../doubles/model-server.ts";
import * as kinds from "../doubles/server-kinds.ts";

const patience = new AbortController().signal;

interface Wish {
  readonly model?: string | null;
  readonly configured?: number;
  readonly key?: string;
  readonly path?: string;
}

/** What is learnt of a server with these options. */
async function learnt(t: TestContext, options: ModelServerOptions, wish: Wish = {}): Promise<Discovered> {
  await using server = await modelServerWith({ strict: false, ...options });
  const model = wish.model === undefined ? (server.models[0] ?? null) : wish.model;
  const address = wish.path === undefined ? server.url : `${server.origin}${wish.path}`;
  return await discover(connection(t, wish.key), address, model, wish.configured ?? null, patience);
}

function connection(t: TestContext, key: string | null = null): Connection {
  const made = connect(key);
  t.after(() => made.close());
  return made;
}

function reads(facts: ModelFacts, wanted: Partial<ModelFacts>): void {
  const keys = Object.keys(wanted);
  assert.deepEqual(Object.fromEntries(Object.entries(facts).filter(([key]) => keys.includes(key))), wanted);
}

test("llama-server tells everything in its properties; the window is a slot's", async (t) => {
  const { facts, reach } = await learnt(t, kinds.llamaServer());
  assert.deepEqual(facts, {
    kind: "llama-server",
    version: "b1-de3ff81",
    window: 8_192,
    slots: 2,
    vision: false,
    tools: true,
    thinking: true,
    effort: false,
    remarks: [],
  });
  assert.equal(reach, "full");
});

test("an older llama-server without properties is known by its list, never by what the model was trained on", async (t) => {
  const own = kinds.llamaServer();
  const { facts } = await learnt(t, {
    ...own,
    routes: (asked) => (asked.path === "/props" ? null : (own.routes?.(asked) ?? null)),
  });
  reads(facts, { kind: "llama-server", window: 8_192, slots: null, tools: null, thinking: null });
});

test("a template without tools and a small window are told, with the mend", async (t) => {
  const wish = { model: "./models/toy-7b.gguf", window: 4_096, caps: { supports_tools: false }, template: "{{ messages }}" };
  const { facts } = await learnt(t, kinds.llamaServer(wish));
  reads(facts, { window: 4_096, tools: false, thinking: false });
  assert.equal(facts.remarks.length, 2);
  assert.match(facts.remarks[0] ?? "", /toy-7b has no place for tools.*--chat-template-file/);
  assert.doesNotMatch(facts.remarks[0] ?? "", /models\/|gguf/);
  assert.match(facts.remarks[1] ?? "", /only 4,096 tokens.*8,192.*-c 65536/);
});

test("a llama-server that refuses tools whatever its template says is told how to start", async (t) => {
  const { facts } = await learnt(t, kinds.llamaServer({ jinja: false }));
  reads(facts, { tools: false });
  assert.match(facts.remarks.join(), /--jinja/);
});

test("a llama-server that routes is asked for loaded models only", async (t) => {
  const loads: string[] = [];
  const router = kinds.llamaRouter("loaded-8b", "unloaded-70b", loads);
  const one = await learnt(t, router, { model: "loaded-8b" });
  reads(one.facts, { kind: "llama-server", window: 16_384, slots: 2 });
  assert.equal(one.reach, "full");
  const other = await learnt(t, router, { model: "unloaded-70b" });
  reads(other.facts, { kind: "llama-server", window: null, slots: null });
  assert.equal(other.reach, "partly");
  assert.deepEqual(loads, []);
});

test("a llama-server that is loading is known, and will tell more", async (t) => {
  const { facts, reach } = await learnt(t, kinds.llamaLoading());
  reads(facts, { kind: "llama-server", window: null });
  assert.equal(reach, "partly");
});

test("Ollama's window is the loaded model's, and one that cuts silently is told", async (t) => {
  const { facts, reach } = await learnt(t, kinds.ollama({ loaded: 4_096 }), { model: "qwen3" });
  reads(facts, {
    kind: "ollama",
    version: "0.13.5",
    window: 4_096,
    slots: 1,
    tools: true,
    thinking: true,
    vision: false,
    effort: false,
  });
  assert.equal(facts.remarks.length, 1);
  assert.match(facts.remarks[0] ?? "", /4,096 tokens and cuts longer prompts.*OLLAMA_CONTEXT_LENGTH/);
  assert.equal(reach, "full");
});

test("Ollama's unloaded model has the window of its parameters, else none, never the file's most", async (t) => {
  const set = await learnt(t, kinds.ollama({ parameters: "num_ctx                        32768\ntemperature 1" }));
  reads(set.facts, { window: 32_768, remarks: [] });
  assert.equal(set.reach, "partly");
  const unset = await learnt(t, kinds.ollama({}));
  reads(unset.facts, { window: null });
  assert.match(unset.facts.remarks.join(), /unknown.*4,096.*OLLAMA_CONTEXT_LENGTH/);
});

test("Ollama names models without tools, with levels of thought, and with eyes", async (t) => {
  const dumb = await learnt(t, kinds.ollama({ loaded: 32_768, capabilities: ["completion", "vision"] }));
  reads(dumb.facts, { tools: false, vision: true, thinking: false });
  assert.match(dumb.facts.remarks.join(), /no tools/);
  const open = await learnt(t, kinds.ollama({ loaded: 32_768, model: "gpt-oss:20b", family: "gptoss" }));
  reads(open.facts, { effort: true, thinking: true, remarks: [] });
  const absent = await learnt(t, kinds.ollama({}), { model: "llama9" });
  reads(absent.facts, { kind: "ollama", window: null, tools: null });
  assert.match(absent.facts.remarks.join(), /no model llama9.*ollama pull llama9/);
});

test("LM Studio, which answers unknown paths with 200, is known by its own list", async (t) => {
  const { facts, reach } = await learnt(t, kinds.lmStudio({ loaded: 6_000, reasoning: ["off", "on"] }));
  reads(facts, {
    kind: "lmstudio",
    window: 6_000,
    slots: 4,
    vision: true,
    tools: true,
    thinking: true,
    effort: false,
    version: null,
  });
  assert.match(facts.remarks.join(), /only 6,000.*lms load/);
  assert.equal(reach, "full");
});

test("LM Studio's unloaded model has no window yet; an untrained one is told", async (t) => {
  const { facts, reach } = await learnt(t, kinds.lmStudio({ loaded: null, trained: false }));
  reads(facts, { window: null, tools: false });
  assert.match(facts.remarks.join(), /not trained to use tools/);
  assert.equal(reach, "partly");
});

test("LM Studio before 0.4", async (t) => {
  const { facts, reach } = await learnt(t, kinds.lmStudio({ older: true }));
  reads(facts, { kind: "lmstudio", window: 16_384, slots: 1, vision: true, tools: true });
  assert.equal(reach, "full");
  reads((await learnt(t, kinds.lmStudio({ older: true, loaded: null }))).facts, { kind: "lmstudio", window: null });
});

test("vLLM's template is read by what it renders", async (t) => {
  const { facts } = await learnt(t, kinds.vllm());
  reads(facts, { kind: "vllm", version: "0.14.1", window: 32_768, slots: null, tools: true, thinking: true, effort: false });
  const plain = await learnt(t, kinds.vllm({ reads: [] }));
  reads(plain.facts, { tools: false, thinking: false, effort: false });
  assert.match(plain.facts.remarks.join(), /no place for tools.*--chat-template/);
  const strict = await learnt(t, kinds.vllm({ lenient: false }));
  reads(strict.facts, { tools: true, thinking: null, effort: null });
  const old = await learnt(t, kinds.vllm({ old: true }));
  reads(old.facts, { tools: null, thinking: null, effort: null, remarks: [] });
  reads((await learnt(t, kinds.vllm({ model: "openai/gpt-oss-20b", reads: ["tools"] }))).facts, {
    effort: true,
    thinking: false,
  });
});

test("SGLang tells how it was started, under both names of its endpoints", async (t) => {
  const wanted = {
    kind: "sglang",
    version: "0.5.6",
    window: 40_960,
    slots: 48,
    vision: false,
    tools: true,
    thinking: true,
  } as const;
  reads((await learnt(t, kinds.sglang())).facts, wanted);
  reads((await learnt(t, kinds.sglang({ renamed: true }))).facts, wanted);
  const info = { tool_call_parser: null, reasoning_parser: "gpt-oss", max_total_num_tokens: 7_000, max_running_requests: null };
  const { facts } = await learnt(t, kinds.sglang({ info }));
  reads(facts, { tools: false, thinking: false, effort: true, window: 7_000, slots: null });
  assert.match(facts.remarks.join(), /--context-length.*--tool-call-parser/);
});

test("any other server is what it lists", async (t) => {
  const { facts, reach } = await learnt(t, { models: ["something"] });
  reads(facts, { kind: "other", window: null, slots: null, tools: null, remarks: [] });
  assert.equal(reach, "full");
});

test("KoboldCpp, which speaks Ollama's API, is not taken for it", async (t) => {
  const version = { status: 200, body: { version: "0.7.0" } };
  const routes: ModelServerOptions["routes"] = ({ path }) => (path === "/api/version" ? version : null);
  reads((await learnt(t, { ownedBy: "koboldcpp", routes })).facts, { kind: "other", slots: null });
  reads((await learnt(t, { ownedBy: "library", routes })).facts, { kind: "ollama", slots: 1 });
});

test("a configured context length holds up to the server's, and not beyond", async (t) => {
  reads((await learnt(t, kinds.vllm(), { configured: 20_000 })).facts, { window: 20_000, remarks: [] });
  const { facts } = await learnt(t, kinds.vllm(), { configured: 64_000 });
  reads(facts, { window: 32_768 });
  assert.match(facts.remarks.join(), /context_length is 64,000.*takes 32,768/);
  reads((await learnt(t, {}, { configured: 64_000 })).facts, { window: 64_000, remarks: [] });
});

test("an address without /v1 or below a proxy's path is understood", async (t) => {
  reads((await learnt(t, kinds.llamaServer(), { path: "" })).facts, { kind: "llama-server", window: 8_192 });
  const own = kinds.llamaServer();
  const routes: ModelServerOptions["routes"] = (asked) =>
    asked.path.startsWith("/llama/") ? (own.routes?.({ ...asked, path: asked.path.slice("/llama".length) }) ?? null) : null;
  reads((await learnt(t, { ...own, routes }, { path: "/llama/v1" })).facts, { kind: "llama-server", slots: 2 });
});

test("a key is sent along, and a refused one leaves things unknown", async (t) => {
  const guarded = { ...kinds.llamaServer(), apiKey: "secret" };
  reads((await learnt(t, guarded, { key: "secret" })).facts, { kind: "llama-server", window: 8_192 });
  const { facts, reach } = await learnt(t, guarded, { key: "wrong", configured: 16_000 });
  reads(facts, { kind: "other", window: 16_000 });
  assert.equal(reach, "partly");
});

test("a key that cannot be sent is no reason to throw", async (t) => {
  const { facts, reach } = await learnt(t, {}, { key: "line\nbreak" });
  reads(facts, { kind: "other" });
  assert.equal(reach, "away");
});

test("a question that hangs holds up nothing for longer than two seconds", async (t) => {
  const began = performance.now();
  const { facts } = await learnt(t, kinds.slow(kinds.llamaServer(), "/version", "/api/v1/models"));
  reads(facts, { kind: "llama-server", window: 8_192 });
  assert.ok(performance.now() - began < 3_900);
});

/** A double of this kind, and a connection to it. */
async function running(
  t: TestContext,
  options: ModelServerOptions,
): Promise<{ address: string; connected: Connection; close(): Promise<void> }> {
  const server = await modelServerWith({ strict: false, ...options });
  t.after(() => server.close());
  return { address: server.url, connected: connection(t), close: () => server.close() };
}

test("facts are asked once for all who want them, and again after doubt", async (t) => {
  const asked: string[] = [];
  const { address, connected } = await running(t, kinds.noting(kinds.vllm(), asked));
  const memory = rememberFacts(connected, () => 20_000);
  const learn = () => memory.learn(address, "Qwen/Qwen3-8B", patience);
  assert.equal(memory.known(address, "Qwen/Qwen3-8B"), null);
  const all = await Promise.all([learn(), learn(), learn()]);
  assert.deepEqual(new Set(all.map((facts) => facts.window)), new Set([20_000]));
  assert.deepEqual(await learn(), memory.known(address, "Qwen/Qwen3-8B"));
  assert.equal(asked.filter((path) => path === "GET /version").length, 1);
  memory.forget();
  await learn();
  assert.equal(asked.filter((path) => path === "GET /version").length, 2);
});

test("facts of a server that has gone are the old ones, and it is asked as soon as it is back", async (t) => {
  const { address, connected, close } = await running(t, kinds.llamaServer());
  const memory = rememberFacts(connected, () => null);
  const learn = () => memory.learn(address, "models/rand-qwen3-tiny.gguf", patience);
  const before = await learn();
  reads(before, { window: 8_192 });
  await close();
  memory.forget();
  assert.deepEqual(await learn(), before);
  const restarted = kinds.llamaServer({ window: 16_384 });
  await using _again = await modelServerWith({ strict: false, port: Number(new URL(address).port), ...restarted });
  reads(await learn(), { window: 16_384 });
});

test("an answer that was asked for before the doubt does not count", async (t) => {
  const wish: kinds.OllamaWish = { loaded: 4_096 };
  const held = Promise.withResolvers<void>();
  const kind = kinds.ollama(wish);
  const { address, connected } = await running(t, kind);
  const late: Connection = {
    ...connected,
    post: async (...question) => {
      const answer = await connected.post(...question);
      await held.promise;
      return answer;
    },
  };
  const memory = rememberFacts(late, () => null);
  const first = memory.learn(address, "qwen3", patience);
  memory.forget();
  held.resolve();
  await first;
  Object.assign(wish, { loaded: 32_768 });
  reads(await memory.learn(address, "qwen3", patience), { window: 32_768 });
});

test("whoever has no patience gets what is known, and stops nobody else", async (t) => {
  const { address, connected } = await running(t, kinds.llamaServer());
  const memory = rememberFacts(connected, () => 20_000);
  const patient = memory.learn(address, "m", patience);
  reads(await memory.learn(address, "m", AbortSignal.abort()), { kind: "other", window: 20_000 });
  reads(await patient, { kind: "llama-server", window: 8_192 });
});

const chat = { model: "m", messages: [{ role: "user", content: "hi" }], stream: true, max_tokens: 5 };

test("llama-server and vLLM count a prompt; who can't is not asked again soon", async (t) => {
  const count = async (kind: ModelServerOptions, name: ServerKind): Promise<readonly (number | null)[]> => {
    const { address, connected } = await running(t, kind);
    const counter = newCounter(connected);
    return [await counter.count(address, name, chat, patience), await counter.count(address, name, chat, patience)];
  };
  assert.deepEqual(await count(kinds.llamaServer(), "llama-server"), [185, 185]);
  const [rendered] = await count(kinds.vllm(), "vllm");
  assert.ok(Number(rendered) > 5);
  const withTools = { ...chat, tools: [{ type: "function", function: { name: "t", parameters: {} } }] };
  const { address, connected } = await running(t, kinds.vllm({ old: true }));
  assert.equal(await newCounter(connected).count(address, "vllm", withTools, patience), null);
  assert.ok(Number(await newCounter(connected).count(address, "vllm", chat, patience)) > 5);
  const asked: string[] = [];
  assert.deepEqual(await count(kinds.noting(kinds.llamaServer({ counts: null }), asked), "llama-server"), [null, null]);
  assert.deepEqual(asked, ["POST /v1/chat/completions/input_tokens"]);
  assert.deepEqual(await count(kinds.noting(kinds.ollama({}), asked), "ollama"), [null, null]);
  assert.equal(asked.length, 1);
});
