import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRequest } from "../../src/core/model.ts";
import { answerOf, asking, drain, notices, provider, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import * as kinds from "../doubles/server-kinds.ts";
import { apiModes, ask, events, failureOf, ok } from "./model-modes-asking.ts";

test("a pause is taken from wherever a server writes it", async () => {
  const inTwoMinutes = new Date(Date.now() + 120_000).toUTCString();
  const slow = { message: "Rate limit reached" };
  const said: readonly [headers: Readonly<Record<string, string>>, error: unknown, ms: number][] = [
    [{ "retry-after": "120" }, slow, 120_000],
    [{ "retry-after": "90.5" }, slow, 90_500],
    [{ "retry-after": inTwoMinutes }, slow, 120_000],
    [{ "retry-after-ms": "75000", "retry-after": "1" }, slow, 75_000],
    [{}, { ...slow, retry_after: 80 }, 80_000],
    [{}, { ...slow, retry_after_ms: 80_000 }, 80_000],
    [{}, { ...slow, details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "94s" }] }, 94_000],
    [{}, { message: "Rate limit reached. Please try again in 1m12.5s." }, 72_500],
    [{}, { message: "Too many requests, retry after 95 seconds" }, 95_000],
    [{}, { message: "Please try again in 61000ms" }, 61_000],
    [{}, { message: "Please try again in 2 minutes" }, 120_000],
  ];
  for (const mode of apiModes) {
    for (const [headers, error, ms] of said) {
      // Longer than anybody waits in silence: told, and left to the caller.
      const failure = failureOf(await ask(mode, [double.status(429, { error }, headers)]));
      assert.ok(
        // A date comes nearer while the tests run.
        Math.abs((failure.retryAfterMs ?? 0) - ms) < (headers["retry-after"] === inTwoMinutes ? 60_000 : 2_500),
        `${mode} ${JSON.stringify([headers, error])}: ${failure.retryAfterMs}`,
      );
      assert.equal(failure.retryable, true);
    }
  }
});

test("a short pause in the error's words is kept, and the request goes out again", async () => {
  const began = performance.now();
  const step = double.status(429, { error: { message: "Rate limit reached. Please try again in 150ms." } });
  assert.equal(answerOf((await ask("chat_completions", [step, double.say("fine")])).events).content, "fine");
  assert.ok(performance.now() - began >= 150);
});

test("no key goes out as a word that says nothing, and a refused one is told with its place, in every mode", async () => {
  for (const mode of apiModes) {
    const { seen } = await ask(mode, [ok(mode)]);
    assert.equal(seen[0]?.headers["authorization"], "Bearer none");
    for (const status of [401, 403]) {
      await using server = await double.modelServerWith(
        { speaks: ["chat/completions", "responses", "messages"] },
        double.status(status, { error: { message: "Invalid API Key", type: "authentication_error" } }),
      );
      const office = provider("office", [server.url], {
        apiMode: mode,
        keyPlace: "OFFICE_KEY (providers.office.key_env)",
        apiKey: "sk-secret",
      });
      const models = quickModels({ settings: { main: office } });
      const [last] = (await drain(await models.current())).slice(-1);
      await models.close();
      assert.ok(last?.type === "failed");
      assert.match(
        `${last.failure.message} ${last.failure.advice}`,
        /of office .*does not accept the key.*OFFICE_KEY \(providers\.office/,
      );
      assert.doesNotMatch(`${last.failure.message} ${last.failure.advice}`, /sk-secret/);
    }
  }
});

const thoughtOnly = {
  chat_completions: double.finishing("length", double.think("hm, let me see", "")),
  responses: events(
    { type: "response.reasoning_text.delta", delta: "hm, let me see" },
    {
      type: "response.incomplete",
      response: { object: "response", status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    },
  ),
  anthropic_messages: events(
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm, let me see" } },
    { type: "message_delta", delta: { stop_reason: "max_tokens" } },
  ),
};

test("thinking that takes all the room is turned off and the request sent again, in every mode", async () => {
  for (const mode of apiModes) {
    const { events: said, seen } = await ask(mode, [thoughtOnly[mode], ok(mode)], asking(), kinds.llamaServer());
    assert.equal(answerOf(said).content, "ok");
    assert.match(notices(said).join(), /thinking took all the room/);
    const [first, second] = seen.map(({ raw }) => JSON.parse(raw));
    assert.deepEqual(
      [first.chat_template_kwargs, second.chat_template_kwargs],
      [{ enable_thinking: true }, { enable_thinking: false }],
    );
  }
});

test("thinking that cannot be turned off, or took a small request's few tokens, is told as cut", async () => {
  const small: ModelRequest = { ...asking(), maxTokens: 16 };
  for (const [request, options] of [
    [asking(), {}],
    [small, kinds.llamaServer()],
    [{ ...asking(), effort: "none" } as const, kinds.llamaServer()],
  ] as const) {
    const { events: said, seen } = await ask("chat_completions", [thoughtOnly.chat_completions], request, options);
    const { finish, content, reasoning } = answerOf(said);
    assert.deepEqual([finish, content, reasoning, seen.length], ["length", "", "hm, let me see", 1]);
  }
});
