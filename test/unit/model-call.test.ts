import assert from "node:assert/strict";
import { test } from "node:test";
import { callModel } from "../../src/agent/model-call.ts";
import type { TurnEvent } from "../../src/core/events.ts";
import { Failure } from "../../src/core/failures.ts";
import type { Model, ModelAnswer, ModelEvent, ModelRequest } from "../../src/core/model.ts";

/** A call of a model that says a word and ends, while the turn's beginning is still written. */
function calling() {
  const asked = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const said: TurnEvent[] = [];
  const begun = Promise.withResolvers<void>();
  // Boundary: the call looks at no more of them.
  const answer = { content: "a word" } as unknown as ModelAnswer;
  const model = {
    async *stream(): AsyncGenerator<ModelEvent> {
      try {
        asked.resolve();
        yield { type: "text", delta: "a word" };
        yield { type: "done", answer };
      } finally {
        closed.resolve();
      }
    },
  } as unknown as Model;
  const request = { messages: [] } as unknown as ModelRequest;
  const ended = callModel(model, request, new AbortController().signal, (event) => void said.push(event), begun.promise);
  return { asked: asked.promise, closed: closed.promise, said, begun, ended, answer };
}

test("the model is asked while the turn's beginning is written, and what it says counts from then on", async () => {
  const call = calling();
  await call.asked;
  await new Promise(setImmediate);
  assert.deepEqual(call.said, []);
  call.begun.resolve();
  assert.deepEqual(await call.ended, { type: "answer", answer: call.answer });
  assert.deepEqual(call.said, [{ type: "text", delta: "a word" }]);
});

test("where the turn can't begin, the call ends, and nothing has been said", async () => {
  const call = calling();
  await call.asked;
  const stale = new Failure("turn.stale", "somebody else has the session");
  call.begun.reject(stale);
  await assert.rejects(call.ended, stale);
  await call.closed;
  assert.deepEqual(call.said, []);
});
