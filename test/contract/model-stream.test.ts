import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/failures.ts";
import type { ModelEvent } from "../../src/core/model.ts";
import { answerOf, asking, drain, quickModels, shown } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { Step } from "../doubles/model-server.ts";

// Every test here speaks to a real server over real sockets. The double's disposal fails the test when a request came that no step
// answers, or a step was left over: so each also counts the requests.

async function ask(steps: readonly Step[], overrides: Parameters<typeof quickModels>[0] = {}): Promise<ModelEvent[]> {
  await using server = await double.modelServer(...steps);
  const models = quickModels({ baseUrl: server.url, ...overrides });
  try {
    const events = await drain(await models.current());
    const terminal = events.filter((event) => event.type === "done" || event.type === "failed" || event.type === "aborted");
    assert.equal(terminal.length, 1);
    assert.equal(events.at(-1), terminal[0]);
    return events;
  } finally {
    await models.close();
  }
}

function failureOf(events: readonly ModelEvent[]): Failure & { partial: string } {
  const last = events.at(-1);
  assert.ok(last?.type === "failed", `ended with ${JSON.stringify(last)}`);
  return Object.assign(last.failure, { partial: last.partial });
}

test("an answer streams, and its counts arrive in a chunk without choices", async () => {
  const events = await ask([double.say("Hello, 世界 👋🏽!")]);
  assert.equal(shown(events), "Hello, 世界 👋🏽!");
  const { content, finish, usage } = answerOf(events);
  assert.deepEqual([content, finish], ["Hello, 世界 👋🏽!", "stop"]);
  assert.deepEqual([usage.promptTokens, usage.cachedTokens], [9, 4]);
  assert.ok(usage.firstTokenMs !== null && usage.firstTokenMs <= usage.totalMs);
});

for (const [name, change] of Object.entries({
  "one byte at a time": double.oneByteAtATime,
  "with CRLF": double.crlf,
  "without [DONE]": double.noDone,
})) {
  test(`an answer ${name} is the same`, async () => {
    const events = await ask([change(double.call("terminal", { command: "echo ‘ü’ 🌍" }, { text: "Let me look 👀" }))]);
    const { content, calls, finish } = answerOf(events);
    assert.deepEqual([content, finish], ["Let me look 👀", "calls"]);
    assert.deepEqual(calls, [{ id: "call_1", name: "terminal", arguments: '{"command":"echo ‘ü’ 🌍"}' }]);
  });
}

test("an emoji whose bytes fall into two writes is whole", async () => {
  const bytes = Buffer.from(double.frame({ content: "a🌍b" }));
  const at = bytes.indexOf(Buffer.from("🌍")) + 2;
  const end = double.say("").frames.slice(-3).map(String);
  assert.equal(answerOf(await ask([double.raw(bytes.subarray(0, at), bytes.subarray(at), ...end)])).content, "a🌍b");
});

test("a real llama-server's recorded answers are read", async () => {
  assert.equal(answerOf(await ask([double.replay("10-stream-plain.sse")])).content, "VR hari issuing thắ<Entity广阔");
  const thinking = answerOf(await ask([double.replay("10-stream-reasoning-text.sse")]));
  assert.equal(thinking.reasoning.trim(), "Let me check");
  assert.match(thinking.content, /^Hello from/);
  const tool = answerOf(await ask([double.replay("11-stream-tool-required.sse")]));
  assert.equal(tool.finish, "length"); // its calls are not to be run
  assert.deepEqual(JSON.parse(tool.calls[0]?.arguments ?? ""), { command: "ls -la /tmp", timeout: 30 });
});

test("vLLM's name for reasoning is read too", async () => {
  const events = await ask([double.think("hm, well", "Yes.", "reasoning")]);
  assert.deepEqual([answerOf(events).reasoning, answerOf(events).content, shown(events)], ["hm, well", "Yes.", "Yes."]);
});

test("inline thinking is never shown", async () => {
  const events = await ask([double.say("<think>secret plan</think>\n\nThe answer.", { pieces: 30 })]);
  assert.equal(shown(events), "The answer.");
  assert.deepEqual([answerOf(events).content, answerOf(events).reasoning], ["The answer.", "secret plan"]);
});

test("thinking whose opening tag stood in the prompt is taken out of the answer", async () => {
  const { content, reasoning } = answerOf(await ask([double.say("plan plan</think>The answer.", { pieces: 9 })]));
  assert.deepEqual([content, reasoning], ["The answer.", "plan plan"]);
});

test("a call written as text becomes a call, and no markup is shown", async () => {
  const events = await ask([
    double.say('I look.\n<tool_call>\n{"name": "terminal", "arguments": {"command": "ls"}}\n</tool_call>', { pieces: 40 }),
  ]);
  assert.equal(shown(events).trim(), "I look.");
  const { calls, finish } = answerOf(events);
  assert.deepEqual(
    calls.map(({ name, arguments: args }) => [name, args]),
    [["terminal", '{"command":"ls"}']],
  );
  assert.match(calls[0]?.id ?? "", /^[A-Za-z0-9]{9}$/);
  assert.equal(finish, "calls");
});

test("a server that does not stream at all is understood", async () => {
  const whole = {
    choices: [{ message: { role: "assistant", content: "all at once" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3 },
  };
  const events = await ask([double.status(200, whole)]);
  assert.deepEqual([answerOf(events).content, answerOf(events).usage.promptTokens], ["all at once", 3]);
});

test("reading progress is passed on", async () => {
  const progress = double.data({
    choices: [{ index: 0, delta: { role: "assistant" } }],
    prompt_progress: { total: 5009, processed: 2048, cache: 0 },
  });
  await using server = await double.modelServerWith({ ownedBy: "llamacpp" }, double.raw(progress, ...double.say("ok").frames));
  const models = quickModels({ baseUrl: server.url });
  const events = await drain(await models.current());
  await models.close();
  assert.deepEqual(events[0], { type: "reading", done: 2048, total: 5009 });
  assert.match(server.seen[0]?.raw ?? "", /"return_progress":true/);
});

test("a truncated call says that it is truncated", async () => {
  const events = await ask([double.finishing("length", double.call("terminal", '{"command":"rm -rf /home/u', {}))]);
  assert.equal(answerOf(events).finish, "length");
});

// A broken answer is gone on with once (`model-resume.test.ts`): only the second break is the end.
test("a stream that ends without a finish reason is a failure with what was said", async () => {
  for (const step of [double.endSilently(double.say("half an ans")), double.cutAfter(4, double.say("half an answer"))]) {
    const failure = failureOf(await ask([step, step]));
    assert.equal(failure.code, "model.broken");
    assert.match(failure.partial, /^half/);
    assert.ok(failure.retryable);
  }
});

test("a server that gives up says so in the finish reason", async () => {
  for (const reason of ["abort", "error"]) {
    const step = double.finishing(reason, double.say("half"));
    assert.equal(failureOf(await ask([step, step])).code, "model.broken");
  }
});

test("half a frame at the end is a failure", async () => {
  const whole = double.frame({ content: "never seen" });
  const step = double.raw(double.frame({ content: "so far" }), whole.slice(0, 40));
  const failure = failureOf(await ask([step, step]));
  assert.deepEqual([failure.code, failure.partial], ["model.broken", "so far"]);
});

test("what goes wrong after the finish reason does not spoil the answer", async () => {
  const frames = double.say("complete").frames;
  const upToFinish = frames.findIndex((it) => String(it).includes('"finish_reason":"stop"')) + 1;
  assert.equal(answerOf(await ask([double.cutAfter(upToFinish, double.say("complete"))])).content, "complete");
});

test("chunks without choices and an empty stream are failures, not empty answers", async () => {
  const empty = double.data({ choices: [] });
  assert.equal(failureOf(await ask([double.raw(empty, empty, "data: [DONE]\n\n")])).code, "model.broken");
  assert.equal(
    failureOf(await ask([double.raw("data: null\n\n", 'data: {"choices":[{"delta":null}]}\n\n')])).code,
    "model.broken",
  );
});

test("an error inside the stream ends it with the server's words", async () => {
  const step = double.errorInStream(3, double.say("one two three"), { message: "CUDA out of memory", code: 500 });
  const failure = failureOf(await ask([step, step]));
  assert.equal(failure.code, "model.broken");
  assert.match(failure.message, /CUDA out of memory/);
  assert.equal(failure.partial, "one tw");
});

test("an error inside the stream before any word is tried again", async () => {
  const peg = { message: "The model produced output that does not match the expected peg-native format", code: 500 };
  assert.equal(answerOf(await ask([double.errorInStream(1, double.say("x"), peg), double.say("better")])).content, "better");
});

test("an `error:` line that the SDK skips is still a failure", async () => {
  const step = double.raw(double.frame({ content: "so " }), 'error: {"message":"boom"}\n\n');
  const failure = failureOf(await ask([step, step]));
  assert.deepEqual([failure.code, failure.partial], ["model.broken", "so"]);
});

test("a stop closes the connection at once and is told as a stop", async () => {
  await using server = await double.modelServer(double.stallAfter(3, double.say("one two three four")));
  const models = quickModels({ baseUrl: server.url });
  const stop = new AbortController();
  const events: ModelEvent[] = [];
  for await (const event of (await models.current()).stream(asking(), stop.signal)) {
    events.push(event);
    if (events.length === 2) stop.abort();
  }
  await server.aborted(0);
  assert.deepEqual(events.at(-1), { type: "aborted", partial: "one tw" });
  await models.close();
});

test("a stop before the headers, during a retry's pause, and before the request", async () => {
  await using server = await double.modelServer(double.hang(), double.status(503, "busy", { "retry-after": "30" }));
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  const first = new AbortController();
  const hanging = drain(model, asking(), first.signal);
  await server.arrived(1);
  first.abort();
  assert.deepEqual(await hanging, [{ type: "aborted", partial: "" }]);
  const second = new AbortController();
  const kinds: string[] = [];
  for await (const event of model.stream(asking(), second.signal)) {
    kinds.push(event.type);
    if (event.type === "notice") second.abort();
  }
  assert.deepEqual(kinds, ["notice", "aborted"]);
  assert.deepEqual(await drain(model, asking(), AbortSignal.abort()), [{ type: "aborted", partial: "" }]);
  assert.equal(server.seen.length, 2);
  await models.close();
});

test("a reader that walks away frees the server", async () => {
  await using server = await double.modelServer(double.stallAfter(3, double.say("one two three four")));
  const models = quickModels({ baseUrl: server.url });
  for await (const event of (await models.current()).stream(asking(), new AbortController().signal)) {
    if (event.type === "text") break;
  }
  await server.aborted(0);
  await models.close();
});

test("silence in the middle of an answer is a stall, comments or not", async () => {
  const comment = (count: number) => Array.from({ length: count }, () => ": ping\n\n");
  const chatty = {
    ...double.raw(...double.say("one two").frames.slice(0, 2), ...comment(300)),
    delayMs: 10,
    end: "never" as const,
  };
  for (const step of [double.stallAfter(2, double.say("one two")), chatty]) {
    const began = performance.now();
    const failure = failureOf(await ask([step, step], { stallMs: 120, prefillMs: 60_000 }));
    assert.deepEqual([failure.code, failure.partial], ["model.stalled", "one"]);
    assert.ok(performance.now() - began < 2_500, "comments kept it alive");
  }
});

test("silence after the first byte is a stall even before the first token", async () => {
  const failure = failureOf(await ask([double.stallAfter(1, double.say("x"))], { stallMs: 80, prefillMs: 60_000 }));
  assert.equal(failure.code, "model.stalled");
});

test("comments are life before the first token", async () => {
  const pings = Array.from({ length: 20 }, () => ": ping\n\n");
  const step = { ...double.raw(...pings, ...double.say("at last", { pieces: 1 }).frames), delayMs: 15 };
  assert.equal(answerOf(await ask([step], { stallMs: 150 })).content, "at last");
});

test("headers may take longer than a stall, but not longer than the prefill", async () => {
  assert.equal(answerOf(await ask([double.say("slow", { headersMs: 200 })], { stallMs: 100 })).content, "slow");
  assert.equal(failureOf(await ask([double.hang()], { prefillMs: 100 })).code, "model.stalled");
});

test("a slow reader is not a slow server", async () => {
  await using server = await double.modelServer(double.say("one two three", { pieces: 5 }));
  const models = quickModels({ baseUrl: server.url, stallMs: 40 });
  const events: ModelEvent[] = [];
  for await (const event of (await models.current()).stream(asking(), new AbortController().signal)) {
    events.push(event);
    if (events.length === 2) await new Promise((resolve) => setTimeout(resolve, 120));
  }
  assert.equal(answerOf(events).content, "one two three");
  await models.close();
});

test("an answer whose end is never confirmed is still given", async () => {
  const frames = double.say("done").frames;
  const upToFinish = frames.findIndex((it) => String(it).includes('"finish_reason":"stop"')) + 1;
  const events = await ask([double.stallAfter(upToFinish, double.say("done"))], { stallMs: 60_000 });
  assert.equal(answerOf(events).content, "done");
});
