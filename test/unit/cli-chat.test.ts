import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { questionFrom } from "../../src/cli/chat/question.ts";

const streams = (stdin: Readable, err: string[] = []) => ({
  env: {},
  stdin,
  stdout: { write: () => true },
  stderr: { write: (text: string) => err.push(text) },
});

test("a question that has its words does not wait for a pipe that nobody writes to; one that comes slowly is waited for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const err: string[] = [];
  const silent = new PassThrough();
  const asked = questionFrom({ query: "hello" }, streams(silent, err));
  t.mock.timers.tick(3_000);
  assert.equal(await asked, "hello");
  assert.match(err.join(""), /nothing is piped in; going on without\n$/);
  assert.ok(silent.destroyed);
  for (const query of ["hello", undefined]) {
    const slow = new PassThrough();
    const wanted = questionFrom(query === undefined ? {} : { query }, streams(slow));
    if (query !== undefined) slow.write("from ");
    // The first piece has been read by then.
    await new Promise(setImmediate);
    t.mock.timers.tick(60_000);
    slow.end("the pipe");
    assert.equal(await wanted, query === undefined ? "the pipe" : "hello\n\nfrom the pipe");
  }
});

test("a file is asked as a pipe is: no more than can be said, and text only", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hermes-question-"));
  try {
    const queryFile = join(folder, "question");
    const from = (query = "") => questionFrom({ query, queryFile }, streams(Readable.from([])));
    await writeFile(queryFile, "x".repeat(2_000_000));
    assert.equal((await from())?.length, 2_000_000);
    await assert.rejects(from("and more"), /more than 2 million characters/);
    await writeFile(queryFile, "x".repeat(2_000_001));
    await assert.rejects(from(), /question has more than 2 MB/);
    await writeFile(queryFile, "\u0000");
    await assert.rejects(from(), /question is no text/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
