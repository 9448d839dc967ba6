import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { after, before, suite, test } from "node:test";
import { createAttached, isCommand } from "../../adapters/terminal/screen/attached.ts";
import { ownCommand } from "../../adapters/terminal/screen/own-commands.ts";
import { droppedPaths, pathsFrom } from "../../adapters/terminal/screen/paths.ts";
import { createPrompt } from "../../adapters/terminal/screen/prompt.ts";
import { painted, rowCells } from "../../adapters/terminal/screen/rows.ts";
import { background } from "../../src/commands/background.ts";
import { queue } from "../../src/commands/queue.ts";
import { skill } from "../../src/commands/skill.ts";
import { fileAt } from "../../src/cli/chat/attaching.ts";
import { questionFrom } from "../../src/cli/chat/question.ts";
import { asFailure } from "../../src/core/failures.ts";

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

test("a file that can't go along is told, before anything is asked", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hermes-attach-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "empty"), "");
  await writeFile(join(folder, "text.png"), "no picture");
  const large = join(folder, "large");
  await writeFile(large, "");
  await truncate(large, 30 * 1024 * 1024);
  const refused = (path: string, wanted: "any" | "picture" = "any") => {
    try {
      fileAt(path, wanted);
    } catch (thrown) {
      return asFailure(thrown).message.replaceAll(folder, "~");
    }
    return assert.fail(path);
  };
  assert.equal(refused(join(folder, "none")), "There is no file ~/none.");
  assert.equal(refused(join(folder, "empty/none")), "There is no file ~/empty/none.");
  assert.match(refused(folder), /^~ is a directory\. /);
  assert.equal(refused("/dev/null"), "/dev/null is no ordinary file.");
  assert.equal(refused(join(folder, "empty")), "~/empty is empty.");
  assert.equal(refused(large), "~/large has 31.5 MB, and at most 21.0 MB go along.");
  // It says that it has nothing, and has no end.
  if (process.platform === "linux")
    assert.equal(refused("/proc/self/pagemap"), "/proc/self/pagemap has more than 21.0 MB, which is the most that goes along.");
  assert.deepEqual(fileAt(join(folder, "text.png")).bytes, Buffer.from("no picture"));
  assert.match(refused(join(folder, "text.png"), "picture"), /^~\/text\.png is no PNG, JPEG, GIF or WebP\. /);
});

const nothing = () => {};
const quiet = {
  history: { add: nothing, back: () => null, find: () => null, saved: async () => {} },
  commands: () => [],
  suggest: nothing,
  paths: () => null,
  holds: () => false,
  drop: () => false,
  send: nothing,
  interrupt: nothing,
  leave: nothing,
  clear: nothing,
  changed: nothing,
};

test("looking for an earlier line takes one row, however long and wide it is", () => {
  const history = { add: nothing, back: () => null, find: () => ({ text: "字".repeat(50), steps: 1 }), saved: async () => {} };
  const prompt = createPrompt({ ...quiet, history });
  prompt.key(undefined, { name: "r", ctrl: true });
  for (const [typed, column] of [
    ["字", 12],
    ["字".repeat(20), 29],
  ] as const) {
    prompt.key(typed, {});
    const { rows, cursor } = prompt.rows(30, 5);
    assert.ok(rows.length === 1 && rows.every((row) => rowCells(row) <= 30));
    assert.equal(cursor.column, column);
  }
});

suite("files that are attached", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hermes-paths-"));
    await mkdir(join(folder, "docs"));
    for (const name of ["a b.txt", "c'd.png", "docs/deep.md", ".hidden"]) await writeFile(join(folder, name), name);
  });
  after(() => rm(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const read = (path: string) => ({ id: path, name: basename(path), bytes: Buffer.from("12") });

  test("what terminals type for a dropped file is known, however they quote it; other text stays text", () => {
    const both = [at("a b.txt"), at("c'd.png")];
    for (const text of [
      both[0],
      ` ${both[0]} `,
      `'${both[0]}'`,
      `"${both[0]}" `,
      `${both[0]?.replace(" ", "\\ ")}`,
      `file://${both[0]?.replace(" ", "%20")}`,
    ])
      assert.deepEqual(droppedPaths(text ?? ""), [both[0]], text);
    const quoted = `'${both[0]}' '${folder}/c'\\''d.png'`;
    assert.deepEqual(droppedPaths(quoted), both);
    for (const text of ["a b.txt", `look at ${both[0]}`, at("none"), folder, `${both[0]} is it`, "/help", "file://%", "/\u0000"])
      assert.equal(droppedPaths(text), null, text);
  });

  test("paths are completed, folders with a slash, hidden ones where a dot was typed", () => {
    assert.deepEqual(
      pathsFrom(`${folder}/`).map((path) => path.slice(folder.length)),
      ["/a b.txt", "/c'd.png", "/docs/"],
    );
    assert.deepEqual(pathsFrom(at("do")), [`${folder}/docs/`]);
    assert.deepEqual(pathsFrom(at(".h")), [at(".hidden")]);
    assert.deepEqual([pathsFrom("~"), pathsFrom(at("none/x"))], [["~/"], []]);
    const prompt = createPrompt({ ...quiet, paths: (command, typed) => (command === "attach" ? pathsFrom(typed) : null) });
    const written = () => prompt.rows(300, 5).rows.map((row) => painted(row, true).trimEnd());
    prompt.paste(`/attach ${folder}/`);
    prompt.key("\t", { name: "tab" });
    assert.deepEqual(written(), [`❯ /attach ${folder}/`, "  a b.txt", "  c'd.png", "  docs/"]);
    for (const sign of "doc") prompt.key(sign, { name: sign });
    for (const _ of "12") prompt.key("\t", { name: "tab" });
    assert.deepEqual(written(), [`❯ /attach ${at("docs/deep.md")}`]);
  });

  test("what is attached is shown until it is taken; no more than one message takes; none with a command", () => {
    const attached = createAttached([], read);
    attached.add(at("a b.txt"), "any");
    assert.ok(attached.drop(at("c'd.png")) && !attached.drop("text"));
    assert.equal(
      attached
        .rows(40)
        .map((row) => painted(row, true))
        .join("\n"),
      "📎 a b.txt, 2 bytes, c'd.png, 2 bytes\n   (goes with what you say next)",
    );
    assert.throws(
      () => attached.add(Array.from("x".repeat(19), () => `'${at(".hidden")}'`).join(" "), "any"),
      /At most 20 files/,
    );
    assert.deepEqual(
      attached.take().map(({ name }) => name),
      ["a b.txt", "c'd.png"],
    );
    assert.deepEqual([attached.count(), attached.rows(40)], [0, []]);
    const commands = [
      { name: "status", about: "", argument: false, skill: false },
      { name: "stand-up", about: "", argument: true, skill: true },
      ...[background, queue, skill].map(({ name, aliases }) => ({ name, aliases, about: "", argument: true, skill: false })),
    ];
    for (const text of ["/status", "/STAT", "/s", "/bg look", "/queue", "/skill other", "/skill"])
      assert.ok(isCommand(text, commands), text);
    const requests = [
      "/stand-up for all",
      "/skill stand-up now",
      "/q then this",
      "/QUE then this",
      "/other",
      "/tmp/x",
      "status",
      "",
    ];
    for (const text of requests) assert.ok(!isCommand(text, commands), text);
    // Before any is known.
    assert.deepEqual([isCommand("/stand-up", null), isCommand("/tmp/x", null)], [true, false]);
    assert.deepEqual(ownCommand("/image  a b.png "), { type: "attach", path: "a b.png", wanted: "picture" });
    assert.deepEqual([ownCommand("/exit now"), ownCommand("/quit")], [null, { type: "leave" }]);
  });
});
