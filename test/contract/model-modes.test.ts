import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelMessage } from "../../src/core/model.ts";
import { modes } from "../../src/model/modes/index.ts";
import { answerOf, asking, terminalTool } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import { apiModes, ask, events } from "./model-modes-asking.ts";

const wire = { model: "m", maxTokens: 100, progress: false };

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
