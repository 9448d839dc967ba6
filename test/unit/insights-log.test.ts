import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, readdir, rm, stat, symlink } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { linePump } from "../../src/insights/line-pump.ts";
import { rollingFile } from "../../src/insights/line-sinks.ts";
import { openLog } from "../../src/insights/log.ts";
import { prettyLine } from "../../src/insights/pretty.ts";

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hermes-log-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test("lines are JSON in the file, redacted, only from the level up", async (t) => {
  const directory = join(await temporaryDirectory(t), "logs");
  const log = await openLog({ directory, level: "info", pretty: false, console: null });
  log.debug({}, "not this");
  log.info({ turn: "t1", token: "abc", promptTokens: 5, url: "https://u:hunter2@h/" }, "started with sk-abcdefghijklmnop");
  log.error({ error: new Error("broke at redis://:hunter2@h", { cause: new TypeError("deep") }) }, "failed");
  await log.close();
  log.info({}, "after the end");
  const lines = (await readFile(join(directory, "hermes.log"), "utf8"))
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  assert.equal(lines.length, 2);
  assert.partialDeepStrictEqual(lines[0], {
    level: "info",
    msg: "started with [hidden]",
    turn: "t1",
    token: "[hidden]",
    promptTokens: 5,
    url: "https://u:[hidden]@h/",
  });
  assert.partialDeepStrictEqual(lines[1], {
    level: "error",
    error: { type: "Error", message: "broke at redis://:[hidden]@h", cause: { type: "TypeError", message: "deep" } },
  });
  assert.doesNotMatch(JSON.stringify(lines), /hunter2|abcdefghijklmnop/);
  assert.equal((await stat(join(directory, "hermes.log"))).mode & 0o777, 0o600);
});

test("odd fields make a line, never an exception", async (t) => {
  const directory = await temporaryDirectory(t);
  const log = await openLog({ directory, level: "debug", pretty: false, console: null });
  const circle: Record<string, unknown> = { big: 1n, run: () => 1, bytes: new Uint8Array(9), when: new Date(NaN) };
  circle["self"] = circle;
  Object.defineProperty(circle, "getter", {
    enumerable: true,
    get: () => {
      throw new Error("no");
    },
  });
  log.debug(circle, "odd");
  log.debug({ long: "x".repeat(1_000_000), many: Array.from({ length: 10_000 }, () => 1) }, "long");
  await log.close();
  const text = await readFile(join(directory, "hermes.log"), "utf8");
  assert.equal(text.trim().split("\n").length, 2);
  assert.ok(text.length < 20_000);
  assert.match(text, /\[unreadable\]/);
});

test("a full disk costs lines, not the process", async (t) => {
  const directory = await temporaryDirectory(t);
  await symlink("/dev/full", join(directory, "hermes.log"));
  const said = await open(join(directory, "console"), "w");
  t.after(() => said.close());
  const log = await openLog({ directory, level: "info", pretty: true, console: said.fd });
  log.info({}, "first");
  log.info({ name: "value" }, "second");
  await log.close();
  const console = await readFile(join(directory, "console"), "utf8");
  assert.match(console, /first\n.*second name=value\n/);
  assert.match(console, /can't be written: .*ENOSPC/);
});

test("a directory that can't be made costs the file only", async (t) => {
  const log = await openLog({ directory: "/dev/null/logs", level: "info", pretty: false, console: null });
  log.info({}, "lost");
  await log.close();
  t.diagnostic("no exception");
});

test("a console whose reader has gone doesn't end the process", async (t) => {
  const directory = await temporaryDirectory(t);
  const source = `
    const { openLog } = await import(${JSON.stringify(new URL("../../src/insights/log.ts", import.meta.url).href)});
    const log = await openLog({ directory: ${JSON.stringify(directory)}, level: "info", pretty: false });
    process.stdout.write("ready");
    process.stdin.once("data", async () => {
      for (let n = 0; n < 100; n++) log.info({ n }, "into the void");
      await log.close();
      process.exit(0);
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.stderr.destroy();
  await once(child.stderr, "close");
  child.stdin.end("go");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal((await readFile(join(directory, "hermes.log"), "utf8")).trim().split("\n").length, 100);
});

test("files are rolled by size, and only so many are kept", async (t) => {
  const directory = await temporaryDirectory(t);
  const append = rollingFile(join(directory, "x.log"), 100, 2);
  for (let n = 0; n < 10; n++) await append(`${n}`.repeat(59) + "\n");
  assert.deepEqual((await readdir(directory)).toSorted(), ["x.log", "x.log.1", "x.log.2"]);
  assert.match(await readFile(join(directory, "x.log"), "utf8"), /^9+\n$/);
  assert.match(await readFile(join(directory, "x.log.2"), "utf8"), /^7+\n$/);
});

test("the pump keeps order, batches while it waits, and reports what was lost once it works again", async () => {
  const batches: string[] = [];
  const troubles: (readonly [boolean, number])[] = [];
  const gate = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const pump = linePump({
    sink: async (batch) => {
      batches.push(batch);
      if (batches.length === 1) {
        second.resolve();
        await gate.promise;
      }
    },
    onTrouble: (error, lost) => troubles.push([error === null, lost]),
  });
  pump.write("a\n");
  await second.promise;
  const big = "x".repeat(3 * 1024 * 1024);
  for (const line of [big, big, "c\n"]) pump.write(line);
  gate.resolve();
  await pump.close(1_000);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [2, big.length + 2],
  );
  assert.deepEqual(troubles, [[true, 1]]);
});

test("closing gives a stuck disk its time and no more", async () => {
  const pump = linePump({ sink: () => new Promise(() => {}), onTrouble: () => {} });
  pump.write("a\n");
  await pump.close(10);
});

test("a line at the terminal is short and can't steer it", () => {
  const line = prettyLine(
    JSON.stringify({
      level: "warn",
      time: "2026-01-01T10:00:00Z",
      pid: 1,
      msg: "slow\u001b[2J",
      turn: "t",
      error: { message: "no", stack: "at x" },
    }),
    false,
  );
  assert.match(line, /^\d\d:\d\d:\d\d warn  slow \[2J error="no" turn=t\n$/);
  assert.equal(prettyLine("not json\n", false), "not json\n");
});

test("several processes may share one directory", async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(directory, { recursive: true });
  const logs = await Promise.all([1, 2, 3].map(() => openLog({ directory, level: "info", pretty: false, console: null })));
  for (let n = 0; n < 50; n++) for (const log of logs) log.info({ n }, "line");
  await Promise.all(logs.map((log) => log.close()));
  const lines = (await readFile(join(directory, "hermes.log"), "utf8")).trim().split("\n");
  assert.equal(lines.length, 150);
  for (const line of lines) JSON.parse(line);
});
