import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, open, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { hermes } from "../../src/cli/hermes.ts";
import { sinceTime } from "../../src/cli/logs/since.ts";
import { entryLines, lookOf } from "../../src/cli/logs/view.ts";
import { rollingFile } from "../../src/insights/line-sinks.ts";
import { openLog } from "../../src/insights/log.ts";
import { withLogContext } from "../../src/insights/log-context.ts";
import { linesBackwards } from "../../src/insights/logs/backwards.ts";
import type { LogEntry } from "../../src/insights/logs/entry.ts";
import { logChains } from "../../src/insights/logs/files.ts";
import { followLogs } from "../../src/insights/logs/follow.ts";
import { recentEntries } from "../../src/insights/logs/recent.ts";
import { loggedEvents } from "../../workers/turn-log.ts";
import { keys, openTerminal } from "../services/terminal.ts";

async function home(t: TestContext): Promise<{ home: string; logs: string }> {
  const path = await mkdtemp(join(tmpdir(), "hermes-logs-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  await mkdir(join(path, "logs"));
  return { home: path, logs: join(path, "logs") };
}

/** A line as it stands in a file; `second` of a fixed minute. */
function line(second: number, msg: string, more: Readonly<Record<string, unknown>> = {}): string {
  const time = new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString();
  return `${JSON.stringify({ level: "info", time, pid: 1, ...more, msg })}\n`;
}

async function run(where: string, args: readonly string[], isTTY = false, env: Readonly<Record<string, string>> = {}) {
  let [out, err] = ["", ""];
  const status = await hermes(args, {
    env: { HERMES_HOME: where, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text), isTTY },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

const messages = (entries: readonly LogEntry[]) =>
  entries.map(({ fields, line: raw }) => (fields === null ? raw : String(fields["msg"])));
const every = { turn: null, level: null, since: null };

test("hermes logs: the files of several processes by time, rolled and packed ones too, with torn lines where they stood", async (t) => {
  const { home: where, logs } = await home(t);
  await writeFile(join(logs, "hermes.log"), `${line(7, "seven")}${line(9, "nine")}{"level":"info","ti`);
  await writeFile(
    join(logs, "hermes.log.1"),
    `${line(4, "four")}not JSON \u001b[31m at all\n${line(5, "five", { level: "error" })}`,
  );
  await writeFile(join(logs, "hermes.log.2.gz"), gzipSync(`${line(1, "one")}${line(2, "two", { turn: "01ABC" })}`));
  // One that can't be read, even by root.
  await mkdir(join(logs, "hermes.log.3.gz"));
  await writeFile(join(logs, "worker.log"), `${line(3, "three", { turn: "01ABC" })}${line(8, "eight", { level: "debug" })}`);
  await writeFile(join(logs, "start.out"), "no log\n");
  const all = messages(await recentEntries(await logChains(logs, null), every, 100));
  assert.deepEqual(all, [
    "one",
    "two",
    "three",
    "four",
    "not JSON \u001b[31m at all",
    "five",
    "seven",
    "eight",
    "nine",
    '{"level":"info","ti',
  ]);
  assert.deepEqual(messages(await recentEntries(await logChains(logs, null), every, 3)), [
    "eight",
    "nine",
    '{"level":"info","ti',
  ]);
  const shown = await run(where, ["logs", "-n", "7"]);
  assert.equal(shown.status, 0);
  assert.match(
    shown.out,
    /^01-31 \d\d:\d\d:04 info {2}four\n01-31 \d\d:\d\d:04 \? {5}not JSON {2}\[31m at all\n01-31 \d\d:\d\d:05 error five\n/,
  );
  assert.match(shown.out, /debug \[worker\] eight\n/);
  const turn = await run(where, ["logs", "--turn", "01ABC"]);
  assert.deepEqual(turn.out.match(/two|three|four/g), ["two", "three"]);
  assert.match((await run(where, ["logs", "--level", "warning"])).out, /^\S+ \S+ error five\n$/);
  assert.doesNotMatch((await run(where, ["gateway", "logs"])).out, /three|eight/);
  const json = (await run(where, ["logs", "--json", "-n", "8"])).out.trim().split("\n");
  assert.equal(json.map((each): unknown => JSON.parse(each)).length, 8);
  const since = await run(where, ["logs", "--since", "2026-01-31T12:00:07Z"]);
  assert.deepEqual(since.out.match(/five|seven|eight|nine/g), ["seven", "eight", "nine"]);
  assert.match((await run(where, ["logs", "list"])).out, /hermes\.log\.2\.gz\n/);
});

test("hermes logs says what there is not, and which words it takes", async (t) => {
  const { home: where, logs } = await home(t);
  const nothing = await run(where, ["logs"]);
  assert.equal(nothing.status, 1);
  assert.match(nothing.err, /There is no log in .*hermes gateway start/);
  await writeFile(join(logs, "hermes.log"), line(1, "one"));
  assert.match((await run(where, ["logs", "--turn", "x"])).err, /No line matches/);
  for (const wrong of [["nope"], ["--since", "soon"], ["-n", "-3"], ["--level", "loud"]])
    assert.equal((await run(where, ["logs", ...wrong])).status, 2);
});

test("any text is read from its end line by line, also where a letter lies across two pieces", async (t) => {
  const { logs } = await home(t);
  const file = join(logs, "hermes.log");
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constant("ü".repeat(40_000)),
    fc.constant(""),
    fc.constant("語".repeat(21_844)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 5 }), fc.boolean(), async (pieces, ended) => {
      const lines = pieces.map((each) => each.replaceAll("\n", " ").toWellFormed());
      await writeFile(file, lines.join("\n") + (ended && lines.length > 0 ? "\n" : ""));
      await using handle = await open(file, "r");
      const found: string[] = [];
      for await (const each of linesBackwards(handle, (await stat(file)).size)) found.push(each);
      // Empty lines say nothing.
      assert.deepEqual(found.toReversed().filter(Boolean), lines.filter(Boolean));
    }),
    { numRuns: 15 },
  );
});

test("a line of megabytes is named, not shown, and what stands before it is found", async (t) => {
  const { logs } = await home(t);
  await writeFile(join(logs, "hermes.log"), `${line(1, "before")}${"x".repeat(3 * 1024 * 1024)}\n${line(2, "after")}`);
  const found = messages(await recentEntries(await logChains(logs, null), every, 3));
  assert.deepEqual(found, ["before", "(a line of 3072 KB is left out)", "after"]);
});

test("what is followed goes on across rolling, emptying and new files, once and in order", async (t) => {
  const { logs } = await home(t);
  const file = join(logs, "hermes.log");
  await writeFile(file, line(0, "old"));
  await using follower = await followLogs({ directory: logs, names: null, filter: every, everyMs: 2 });
  assert.equal(follower.positions.get(file), (await stat(file)).size);
  const stop = new AbortController();
  const batches = follower.batches(stop.signal);
  const seen: string[] = [];
  const until = async (msg: string): Promise<void> => {
    while (!seen.includes(msg)) for (const each of messages((await batches.next()).value ?? [])) seen.push(each);
  };
  await appendFile(file, `${line(1, "one")}${line(2, "torn").slice(0, 20)}`);
  await until("one");
  await appendFile(file, line(2, "torn").slice(20));
  await until("torn");
  // Rolled twice between two looks.
  await appendFile(file, line(3, "three"));
  await rename(file, `${file}.1`);
  await writeFile(file, line(4, "four"));
  await rename(`${file}.1`, `${file}.2`);
  await rename(file, `${file}.1`);
  await writeFile(file, line(5, "five"));
  await until("five");
  await truncate(file);
  await appendFile(file, line(6, "six"));
  await until("six");
  await writeFile(join(logs, "worker.log"), line(7, "seven"));
  await until("seven");
  // The whole folder goes, and comes again with the next line that is written.
  await rm(logs, { recursive: true });
  await mkdir(logs);
  await writeFile(file, line(8, "eight"));
  await until("eight");
  // More at once than a call takes arguments.
  await appendFile(file, `${"x\n".repeat(150_000)}${line(9, "nine")}`);
  await until("nine");
  assert.equal(seen.splice(8, 150_000).length, 150_000);
  assert.deepEqual(seen, ["one", "torn", "three", "four", "five", "six", "seven", "eight", "nine"]);
  stop.abort();
  assert.equal((await batches.next()).done, true);
});

test("at a terminal what is followed is coloured, no wider than it, and ends with Ctrl-C", async (t) => {
  const { home: where, logs } = await home(t);
  const file = join(logs, "hermes.log");
  await writeFile(file, line(1, "one", { level: "error", turn: "t".repeat(90) }));
  const launcher = join(import.meta.dirname, "../../bin/hermes.mjs");
  const terminal = openTerminal(t, process.execPath, [launcher, "logs", "-f"], {
    cols: 60,
    rows: 12,
    env: { HERMES_HOME: where },
  });
  await terminal.until(/error one/);
  await appendFile(file, line(2, "two"));
  const screen = await terminal.until(/info {2}two/);
  // Broken where the terminal would not break it: behind the message, under it.
  assert.match(screen, /error one\s*\n {21}turn=t+\n {21}t+/);
  terminal.type(keys.ctrlC);
  assert.equal(await terminal.exit, 0);
});

test("nothing in a line steers the terminal; colours come at one only, and nothing is wider than it", (t) => {
  const entry = (fields: Readonly<Record<string, unknown>>): LogEntry => ({
    at: Date.UTC(2026, 0, 31),
    fields,
    line: "",
    from: "worker",
  });
  const hostile = entry({
    level: "warn\u001b[2J",
    msg: `a\u001b]0;x\u0007b\r\nc ${"long ".repeat(40)}${"x".repeat(200)}`,
    turn: "t\u009b1m",
  });
  const screen = { stdout: { write: () => true, isTTY: true }, stderr: { write: () => true }, stdin: Readable.from([]), env: {} };
  assert.deepEqual(lookOf({}, undefined), { columns: null, colour: false });
  assert.equal(lookOf({}, screen).colour, true);
  assert.equal(lookOf({ NO_COLOR: "1" }, screen).colour, false);
  assert.equal(lookOf({ TERM: "dumb" }, screen).colour, false);
  for (const look of [
    { columns: 60, colour: true },
    { columns: 60, colour: false },
    { columns: 21, colour: false },
    { columns: null, colour: false },
  ]) {
    const lines = entryLines(hostile, look);
    const plain = lines.map((each) => (look.colour ? stripVTControlCharacters(each) : each));
    assert.ok(
      plain.every((each) => !/\p{Cc}/u.test(each)),
      JSON.stringify(plain),
    );
    if (look.columns === null) assert.equal(lines.length, 1);
    else if (look.columns > 21) assert.ok(plain.every((each) => each.length <= 60));
  }
  // Of a line of megabytes a terminal shows the beginning; and one that does not know its width is like any other.
  const long = entryLines(entry({ level: "info", msg: "x".repeat(2 ** 20) }), { columns: 60, colour: false });
  assert.ok(long.length < 500 && /more letters: --json/.test(long.slice(-2).join(" ")));
  assert.equal(entryLines(entry({ msg: "x".repeat(2 ** 20) }), "json").length, 1);
  const { columns } = process.stdout;
  t.after(() => (process.stdout.columns = columns));
  process.stdout.columns = 0;
  assert.equal(lookOf({}, screen).columns, 80);
  process.stdout.columns = 10;
  assert.equal(lookOf({}, screen).columns, 40);
});

test("--since takes how long ago, a time of today and a date", () => {
  const now = new Date(2026, 0, 31, 0, 30).getTime();
  assert.equal(sinceTime("90m", now), now - 5_400_000);
  assert.equal(sinceTime("2 hours ago", now), now - 7_200_000);
  assert.equal(sinceTime("00:10", now), new Date(2026, 0, 31, 0, 10).getTime());
  assert.equal(sinceTime("23:50", now), new Date(2026, 0, 30, 23, 50).getTime());
  assert.equal(sinceTime("2026-01-30", now), new Date(2026, 0, 30).getTime());
  assert.equal(sinceTime("yesterday", now), new Date(2026, 0, 30).getTime());
  for (const wrong of ["", "soon", "25:00", "2026-13-01", "-3h", "1e3m"]) assert.equal(sinceTime(wrong, now), null, wrong);
});

test("lines bear their turn's id wherever they are written from, and what a turn has left running does not", async (t) => {
  const { logs } = await home(t);
  const log = await openLog({ directory: logs, level: "debug", pretty: false, console: null });
  const later = Promise.withResolvers<void>();
  let left = Promise.resolve();
  const turn = (id: string) =>
    withLogContext({ turn: id, session: `of ${id}` }, async () => {
      await new Promise(setImmediate);
      log.info({ tool: "terminal" }, "from deep within");
      log.info({ turn: "its own" }, "says itself");
      // A file's name is its sender's.
      loggedEvents(log, () => undefined)({ type: "notice", text: "Looking at diary.pdf …" });
      if (id === "t1") left = later.promise.then(() => log.info({}, "left running"));
    });
  await Promise.all([turn("t1"), turn("t2")]);
  later.resolve();
  await left;
  log.toFile({}, "outside");
  await log.close();
  const entries = await recentEntries(await logChains(logs, null), every, 100);
  assert.ok(!entries.some(({ line: raw }) => raw.includes("diary")));
  const found = entries.map(({ fields }) => [fields?.["msg"], fields?.["turn"], fields?.["session"]]);
  for (const id of ["t1", "t2"])
    assert.ok(found.some(([msg, own, session]) => msg === "from deep within" && own === id && session === `of ${id}`));
  assert.equal(found.filter(([msg, own]) => msg === "says itself" && own === "its own").length, 2);
  assert.deepEqual(found.slice(-2), [
    ["left running", undefined, undefined],
    ["outside", undefined, undefined],
  ]);
});

test("with no old files to keep, a full file begins anew", async (t) => {
  const { logs } = await home(t);
  const file = join(logs, "hermes.log");
  const append = rollingFile(file, 100, 0);
  for (let count = 0; count < 5; count += 1) await append(`${"x".repeat(60)}\n`);
  assert.equal((await stat(file)).size, 61);
  assert.deepEqual(
    (await logChains(logs, null)).map(({ files }) => files.length),
    [1],
  );
});
