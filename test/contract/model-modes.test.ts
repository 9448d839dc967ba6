import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/failures.ts";
import type { ModelEvent, ModelMessage, ModelRequest } from "../../src/core/model.ts";
import { connect } from "../../src/model/connection.ts";
import { detectMode } from "../../src/model/modes/detect.ts";
import { modes } from "../../src/model/modes/index.ts";
import type { ApiMode } from "../../src/model/settings.ts";
import { answerOf, asking, drain, provider, quickModels, shown, terminalTool } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { ModelServerOptions, Seen, Step } from "../doubles/model-server.ts";

const apiModes: readonly ApiMode[] = ["chat_completions", "responses", "anthropic_messages"];
const everything = ["chat/completions", "responses", "messages"] as const;
const wire = { model: "m", maxTokens: 100, progress: false };

interface Asked {
  readonly events: ModelEvent[];
  readonly seen: readonly Seen[];
}

async function ask(
  mode: ApiMode | "auto",
  steps: readonly Step[],
  request: ModelRequest = asking(),
  options: ModelServerOptions & { readonly base?: (origin: string) => string; readonly apiKey?: string } = {},
): Promise<Asked> {
  const { base = (origin: string) => `${origin}/v1`, ...rest } = options;
  await using server = await double.modelServerWith({ speaks: everything, ...rest }, ...steps);
  const main = provider("main", [base(server.origin)], { apiMode: mode, apiKey: options.apiKey ?? null });
  const models = quickModels({ settings: { main } });
  try {
    return { events: await drain(await models.current(), request), seen: server.seen };
  } finally {
    await models.close();
  }
}

function failureOf({ events }: Asked): Failure {
  const last = events.at(-1);
  assert.ok(last?.type === "failed", `ended with ${JSON.stringify(last)}`);
  return last.failure;
}

/** Frames of events as the two newer modes have them. */
function events(...said: readonly { readonly type: string; readonly [field: string]: unknown }[]): Step {
  return double.raw(...said.map((event) => `event: ${event.type}\n${double.data(event)}`));
}

const conversation: readonly ModelMessage[] = [
  { role: "system", content: "You are kind." },
  { role: "user", content: "first" },
  { role: "assistant", content: "well", reasoning: "an old thought", calls: [] },
  { role: "user", content: "second <|im_end|>" },
  {
    role: "assistant",
    content: "",
    reasoning: "a new thought",
    calls: [
      { id: "a.1", name: "terminal", arguments: '{ "command":"pwd" }' },
      { id: "b", name: "terminal", arguments: '{"command": "ls' },
    ],
  },
  { role: "tool", call: "a.1", name: "terminal", content: "/root" },
  { role: "tool", call: "b", name: "terminal", content: "" },
];

test("the same call, recorded from a real llama-server in each mode, is the same answer", async () => {
  for (const [mode, file, calls] of [
    ["responses", "32-responses-stream-tool.sse", 1],
    ["anthropic_messages", "30-anthropic-stream-tool.sse", 3],
  ] as const) {
    const answer = answerOf((await ask(mode, [double.replay(file)])).events);
    assert.deepEqual(
      [answer.reasoning, answer.content, answer.finish, answer.calls.length],
      ["Let me check", "", "calls", calls],
    );
    for (const { name, arguments: args } of answer.calls) {
      assert.deepEqual([name, JSON.parse(args)], ["terminal", { command: "ls -la /tmp", timeout: 30 }]);
    }
    assert.equal(new Set(answer.calls.map((call) => call.id)).size, calls);
  }
});

test("counts and speeds are read in each mode", async () => {
  const responses = answerOf((await ask("responses", [double.replay("32-responses-stream-tool.sse")])).events).usage;
  assert.deepEqual([responses.promptTokens, responses.completionTokens, responses.cachedTokens], [185, 59, 184]);
  assert.equal(Math.round(responses.tokensPerSecond ?? 0), 6);
  const anthropic = answerOf((await ask("anthropic_messages", [double.replay("30-anthropic-stream-tool.sse")])).events).usage;
  // What came from the cache is not in `input_tokens` there.
  assert.deepEqual([anthropic.promptTokens, anthropic.completionTokens, anthropic.cachedTokens], [182, 132, 62]);
  const paced = answerOf((await ask("chat_completions", [double.say("one two three", { pieces: 5, delayMs: 10 })])).events).usage;
  assert.ok(paced.tokensPerSecond !== null && paced.tokensPerSecond > 20 && paced.tokensPerSecond < 110, "measured here");
});

test("a conversation goes out in Responses' form", () => {
  const body = modes.responses.body({ ...asking(conversation), temperature: 0.2 }, wire);
  assert.deepEqual(body, {
    model: "m",
    input: [
      { type: "message", role: "system", content: "You are kind." },
      { type: "message", role: "user", content: "first" },
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "well", annotations: [] }],
      },
      { type: "message", role: "user", content: "second <\u200b|im_end|>" },
      { type: "function_call", call_id: "a.1", name: "terminal", arguments: '{ "command":"pwd" }' },
      { type: "function_call", call_id: "b", name: "terminal", arguments: "{}" },
      { type: "function_call_output", call_id: "a.1", output: "/root" },
      { type: "function_call_output", call_id: "b", output: "" },
    ],
    tools: [{ type: "function", ...terminalTool, strict: false }],
    tool_choice: "auto",
    stream: true,
    store: false,
    temperature: 0.2,
    max_output_tokens: 100,
  });
});

test("a conversation goes out in Anthropic's form, marked for its cache at most four times", () => {
  const body = modes.anthropic_messages.body({ ...asking(conversation), toolChoice: "required" }, { ...wire, maxTokens: null });
  const mark = { cache_control: { type: "ephemeral" } };
  assert.deepEqual(body, {
    model: "m",
    max_tokens: 8_192,
    system: [{ type: "text", text: "You are kind.", ...mark }],
    messages: [
      { role: "user", content: [{ type: "text", text: "first" }] },
      { role: "assistant", content: [{ type: "text", text: "well" }] },
      { role: "user", content: [{ type: "text", text: "second <\u200b|im_end|>", ...mark }] },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "a_1", name: "terminal", input: { command: "pwd" } },
          { type: "tool_use", id: "b", name: "terminal", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "a_1", content: [{ type: "text", text: "/root" }] },
          { type: "tool_result", tool_use_id: "b", ...mark },
        ],
      },
    ],
    tools: [{ name: "terminal", description: terminalTool.description, input_schema: terminalTool.parameters, ...mark }],
    tool_choice: { type: "any" },
    stream: true,
  });
  assert.equal(JSON.stringify(body).split("cache_control").length - 1, 4);
});

test("thoughts go back within the running turn only, in every mode", () => {
  for (const mode of apiModes) {
    const sent = JSON.stringify(modes[mode].body(asking(conversation), { ...wire, progress: true }));
    assert.ok(sent.includes("a new thought") && !sent.includes("an old thought"), mode);
    const later = JSON.stringify(
      modes[mode].body(asking([...conversation, { role: "user", content: "third" }]), { ...wire, progress: true }),
    );
    assert.ok(!later.includes("thought"), mode);
    assert.equal(sent, JSON.stringify(modes[mode].body(asking(conversation), { ...wire, progress: true })));
  }
});

test("an answer of a schema is asked for without tools, and comes as text in every mode", async () => {
  const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  const request = { ...asking("how many?"), schema };
  const chat = await ask("chat_completions", [double.say('{"n":3}')], request);
  assert.deepEqual(JSON.parse(chat.seen[0]?.raw ?? "").response_format, {
    type: "json_schema",
    json_schema: { name: "answer", schema },
  });
  const responses = await ask(
    "responses",
    [
      events(
        { type: "response.output_text.delta", delta: '{"n":3}' },
        { type: "response.completed", response: { object: "response", status: "completed" } },
      ),
    ],
    request,
  );
  assert.deepEqual(JSON.parse(responses.seen[0]?.raw ?? "").text, {
    format: { type: "json_schema", name: "answer", schema, strict: false },
  });
  const stop = { type: "message_delta", delta: { stop_reason: "tool_use" } };
  const forced = events(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "Here: " } },
    { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "t", name: "answer", input: {} } },
    { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"n"' } },
    { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: ":3}" } },
    stop,
  );
  const unforced = events(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: '{"n":3}' } },
    stop,
  );
  const anthropic = await ask("anthropic_messages", [forced], request);
  assert.deepEqual(JSON.parse(anthropic.seen[0]?.raw ?? "").tool_choice, { type: "tool", name: "answer" });
  for (const asked of [chat, responses, anthropic, await ask("anthropic_messages", [unforced], request)]) {
    const { content, calls, finish } = answerOf(asked.events);
    assert.deepEqual([content, calls, finish], ['{"n":3}', [], "stop"]);
  }
  for (const { seen } of [chat, responses]) assert.equal(JSON.parse(seen[0]?.raw ?? "").tools, undefined);
});

const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "terminal" };
const completed = { type: "response.completed", response: { object: "response", status: "completed" } };

test("Responses in the dialects of its servers", async () => {
  const args = '{"command":"ls"}';
  const output = [{ ...call, arguments: args }];
  const dialects: readonly Step[] = [
    // OpenAI's: numbered, with the arguments once more at each end
    events(
      { type: "response.output_item.added", output_index: 0, item: { ...call, arguments: "" } },
      { type: "response.function_call_arguments.delta", output_index: 0, item_id: "fc_1", delta: '{"command":' },
      { type: "response.function_call_arguments.delta", output_index: 0, item_id: "fc_1", delta: '"ls"}' },
      { type: "response.function_call_arguments.done", output_index: 0, item_id: "fc_1", arguments: args },
      { type: "response.output_item.done", output_index: 0, item: { ...call, arguments: args } },
      { ...completed, response: { ...completed.response, output } },
    ),
    // arguments only when they are complete; no ids of items
    events(
      { type: "response.output_item.added", output_index: 2, item: { ...call, id: undefined, arguments: "" } },
      { type: "response.function_call_arguments.done", output_index: 2, arguments: args },
      completed,
    ),
    // items only when they are complete
    events({ type: "response.output_item.done", item: { ...call, arguments: args } }, completed),
    // nothing but the end
    events({ ...completed, response: { ...completed.response, output } }),
    // not streamed at all
    double.status(200, { object: "response", status: "completed", output }),
  ];
  for (const step of dialects) {
    const { calls, finish } = answerOf((await ask("responses", [step])).events);
    assert.deepEqual([calls, finish], [[{ id: "call_1", name: "terminal", arguments: args }], "calls"]);
  }
});

test("a cut answer is known as cut, though llama-server calls it complete", async () => {
  const begun = { type: "response.output_item.added", item: { ...call, arguments: '{"command":"rm -rf /home/u' } };
  for (const response of [
    { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    { status: "completed", usage: { input_tokens: 9, output_tokens: 512, total_tokens: 521 } },
  ]) {
    const last = { type: "response.completed", response: { object: "response", ...response } };
    assert.equal(answerOf((await ask("responses", [events(begun, last)])).events).finish, "length");
  }
  const cut = events(
    { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "terminal" } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"command":"rm -rf /home/u' } },
    { type: "message_delta", delta: { stop_reason: "max_tokens" } },
  );
  assert.equal(answerOf((await ask("anthropic_messages", [cut])).events).finish, "length");
});

test("each mode's errors in mid-stream end it with the server's words", async () => {
  const said = {
    responses: { type: "response.output_text.delta", delta: "so far" },
    anthropic_messages: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "so far" } },
  };
  const error = { message: "CUDA out of memory", type: "server_error", code: 500 };
  for (const [mode, fault] of [
    ["responses", { type: "response.failed", response: { object: "response", status: "failed", error } }],
    ["responses", { ...error, type: "error" }],
    ["responses", { type: "oops", error }],
    ["anthropic_messages", { type: "error", error }],
    ["anthropic_messages", { type: "oops", error }],
  ] as const) {
    const step = events(said[mode], fault);
    const failure = failureOf(await ask(mode, [step, step]));
    assert.equal(failure.code, "model.broken");
    assert.match(failure.message, /CUDA out of memory/);
  }
});

test("errors before the stream are judged alike in every mode", async () => {
  const overlong = {
    error: { code: 400, message: "request (9009 tokens) exceeds the available context size (8192 tokens), try increasing it" },
  };
  const bodies = [overlong, { type: "error", ...overlong }];
  for (const mode of apiModes) {
    for (const body of bodies) {
      const failure = failureOf(await ask(mode, [double.status(400, body)]));
      assert.deepEqual(
        [failure.code, failure.sizes],
        ["model.overlong", { promptTokens: 9009, window: 8192, outputIsTheTrouble: false }],
      );
    }
    assert.equal(failureOf(await ask(mode, [double.status(501, { error: { message: "not supported" } })])).code, "model.refused");
    assert.equal(
      answerOf((await ask(mode, [double.status(529, { error: { type: "overloaded_error" } }), ok(mode)])).events).content,
      "ok",
    );
  }
});

function ok(mode: ApiMode): Step {
  if (mode === "chat_completions") return double.say("ok");
  if (mode === "responses") return events({ type: "response.output_text.delta", delta: "ok" }, completed);
  return events(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "ok" } },
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "message_stop" },
  );
}

test("Anthropic's base URL may or may not end in /v1, and its key goes where it is looked for", async () => {
  for (const base of [(origin: string) => origin, (origin: string) => `${origin}/v1`, (origin: string) => `${origin}/v1/`]) {
    const { events: said, seen } = await ask("anthropic_messages", [ok("anthropic_messages")], asking(), {
      base,
      apiKey: "secret",
    });
    assert.equal(shown(said), "ok");
    assert.deepEqual([seen[0]?.path, seen[0]?.headers["x-api-key"]], ["/v1/messages", "secret"]);
    assert.equal(seen[0]?.headers["authorization"], "Bearer secret");
  }
});

test("a path that ends in /anthropic is spoken to in Anthropic's way without being told", async () => {
  const options = { base: (origin: string) => `${origin}/anthropic`, prefix: "/anthropic/v1" };
  const { events: said } = await ask("auto", [ok("anthropic_messages")], asking(), options);
  assert.equal(shown(said), "ok");
  assert.equal(
    said.some((event) => event.type === "notice"),
    false,
  );
});

test("a server that lacks chat completions is found out once, and told", async () => {
  for (const mode of ["responses", "anthropic_messages"] as const) {
    const speaks = [mode === "responses" ? "responses" : "messages"] as const;
    await using server = await double.modelServerWith({ speaks }, ok(mode), ok(mode));
    const models = quickModels({ settings: { main: provider("main", [server.url], { apiMode: "auto" }) } });
    const model = await models.current();
    const [first, second] = [await drain(model), await drain(model)];
    await models.close();
    assert.match(first[0]?.type === "notice" ? first[0].text : "", new RegExp(`no chat completions.*${mode}`));
    assert.equal(answerOf(first).content, "ok");
    assert.equal(answerOf(second).content, "ok");
    assert.equal(
      second.some((event) => event.type === "notice"),
      false,
    );
  }
});

test("a mode is detected by the address, else by what is there; nothing is generated", async () => {
  const connection = connect(null);
  const { signal } = new AbortController();
  const detected = (address: string) => detectMode(connection, address, signal);
  assert.equal(await detected("https://api.openai.com/v1"), "responses");
  assert.equal(await detected("https://api.x.ai/v1"), "responses");
  assert.equal(await detected("https://api.anthropic.com"), "anthropic_messages");
  assert.equal(await detected("https://llm.example.org/anthropic"), "anthropic_messages");
  for (const [speaks, mode] of [
    [everything, "chat_completions"],
    [["responses", "messages"], "responses"],
    [["messages"], "anthropic_messages"],
    [[], "chat_completions"],
  ] as const) {
    await using server = await double.modelServerWith({ speaks });
    for (const address of [server.url, server.origin]) assert.equal(await detected(address), mode);
    assert.equal(server.seen.length, 0);
  }
  assert.equal(await detected("http://127.0.0.1:9/v1"), "chat_completions");
  await connection.close();
});

test("a call that llama.cpp's own parser can't read is asked for with less and less of its help", async () => {
  const peg = { message: "The model produced output that does not match the expected peg-native format", code: 500 };
  const text = double.say('<tool_call>\n{"name": "terminal", "arguments": {"command": "ls"}}\n</tool_call>');
  const inStream = double.errorInStream(1, double.say("x"), peg);
  const { events: said, seen } = await ask("chat_completions", [double.status(500, { error: peg }), inStream, inStream, text]);
  assert.deepEqual(
    answerOf(said).calls.map(({ arguments: args }) => args),
    ['{"command":"ls"}'],
  );
  const bodies = seen.map(({ raw }) => JSON.parse(raw));
  assert.deepEqual(
    bodies.map((body) => [body.parse_tool_calls, body.tools?.length]),
    [
      [undefined, 1],
      [undefined, 1],
      [false, 1],
      [false, undefined],
    ],
  );
  assert.deepEqual(bodies[0], bodies[1]);
});

test("missing flags of a server are named with the flag", async () => {
  const jinja = { error: { code: 500, message: "tools param requires --jinja flag", type: "server_error" } };
  const vllm = { error: { message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' } };
  for (const [step, flag] of [
    [double.status(500, jinja), /llama-server with --jinja/],
    [double.status(400, vllm), /--enable-auto-tool-choice/],
  ] as const) {
    const failure = failureOf(await ask("chat_completions", [step]));
    assert.equal(failure.code, "model.refused");
    assert.match(failure.advice ?? "", flag);
  }
});

test("words of errors in other forms than OpenAI's are kept", async () => {
  for (const body of [
    { detail: "Frobnication failed" },
    { object: "error", message: "Frobnication failed" },
    { error: "Frobnication failed" },
  ]) {
    assert.match(failureOf(await ask("chat_completions", [double.status(422, body)])).message, /Frobnication failed/);
  }
});
