import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { ModelFacts } from "../../src/core/model.ts";
import { connect } from "../../src/model/connection.ts";
import { rememberFacts } from "../../src/model/facts-memory.ts";
import { modelServerWith, type ModelServerOptions } from "../doubles/model-server.ts";
import * as kinds from "../doubles/server-kinds.ts";

const patience = new AbortController().signal;
const name = "models/rand-qwen3-tiny.gguf";

/** A server that is started anew as another while nobody asks it; what was told of the first, and what is told in the end. */
async function restarted(first: ModelServerOptions, second: ModelServerOptions, done: (facts: ModelFacts) => boolean) {
  const connection = connect(null);
  const old = await modelServerWith({ strict: false, ...first });
  const memory = rememberFacts(connection, () => null, 0);
  const learn = () => memory.learn(old.url, name, patience);
  try {
    const before = await learn();
    await old.close();
    await using _again = await modelServerWith({ strict: false, port: Number(new URL(old.url).port), ...second });
    // What is known is told without waiting.
    assert.deepEqual(await learn(), before);
    let facts = before;
    for (const end = performance.now() + 5_000; !done(facts) && performance.now() < end; facts = await learn())
      await setImmediate();
    return { before, facts };
  } finally {
    await connection.close();
  }
}

test("a server that was started with another window and other slots between two requests is noticed", async () => {
  const asked: string[] = [];
  const second = kinds.noting(kinds.llamaServer({ window: 16_384, slots: 3 }), asked);
  const { before, facts } = await restarted(kinds.llamaServer(), second, ({ slots }) => slots === 3);
  assert.deepEqual([before.window, before.slots, facts.window, facts.slots], [8_192, 2, 16_384, 3]);
  assert.ok(asked.includes("GET /props"));
  assert.ok(!asked.includes("GET /api/version"), "asked what only another kind of server answers");
});

test("another program at the same address is noticed too", async () => {
  const { facts } = await restarted(kinds.llamaServer(), kinds.vllm(), ({ kind }) => kind === "vllm");
  assert.equal(facts.kind, "vllm");
});

test("a server that is loading again tells less than is known: that holds until it has loaded", async () => {
  const asked: string[] = [];
  const loading = kinds.noting(kinds.llamaLoading(), asked);
  const { before, facts } = await restarted(kinds.llamaServer(), loading, () => asked.includes("GET /props"));
  assert.deepEqual(facts, before);
});
