import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../src/model/connection.ts";
import { detectMode } from "../../src/model/modes/detect.ts";
import { answerOf, asking, drain, provider, quickModels, shown } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { Step } from "../doubles/model-server.ts";
import { apiModes, ask, completed, events, everything, failureOf, ok } from "./model-modes-asking.ts";

const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "terminal" };

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

test("a look for another mode that a stop broke off is made again", async () => {
  const stop = new AbortController();
  const routes: double.Routes = ({ method, path, body }) => {
    const looks = method === "POST" && path.endsWith("/responses") && Object.keys(Object(body)).length === 0;
    if (!looks || stop.signal.aborted) return null;
    stop.abort();
    return "never";
  };
  await using server = await double.modelServerWith({ speaks: ["responses"], routes }, ok("responses"));
  const models = quickModels({ settings: { main: provider("main", [server.url], { apiMode: "auto" }) } });
  const model = await models.current();
  assert.equal((await drain(model, asking(), stop.signal)).at(-1)?.type, "aborted");
  assert.equal(answerOf(await drain(model)).content, "ok");
  await models.close();
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
  const older = { message: 'Failed to parse input at pos 14: <tool_call>{"na', code: 500 };
  const inStream = double.errorInStream(1, double.say("x"), peg);
  const steps = [double.status(500, { error: peg }), double.status(500, { error: older }), inStream, text];
  const { events: said, seen } = await ask("chat_completions", steps);
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
