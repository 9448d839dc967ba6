import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { chatWith, type TalkOptions } from "../../src/cli/chat.ts";
import { askOnce } from "../../src/cli/chat/once.ts";
import { questionFrom } from "../../src/cli/chat/question.ts";
import type { Context, Product } from "../../src/cli/context.ts";
import { leaving } from "../../src/cli/leaving.ts";
import { toolsetNames } from "../../src/core/toolsets.ts";
import type { TerminalHears, TerminalOutcome, TerminalPost, TerminalSays } from "../../src/core/terminal.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";

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

type Told = TerminalHears & { readonly type: "post" | "state" | "event" };

const post = (markdown: string, buttons: TerminalPost["buttons"] = []): Told => ({
  type: "post",
  id: `out-${markdown.length}`,
  answers: null,
  markdown,
  footer: null,
  buttons,
  repeated: false,
  file: null,
});
const state = (busy: boolean, end: TerminalOutcome["end"] | null = null): Told => {
  const usage = { calls: 1, promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
  const outcome = end && { turn: "1", end, failure: null, ms: 1, tools: [], usage, filesToCome: 0 };
  return {
    type: "state",
    session: null,
    title: null,
    since: 0,
    model: "",
    demonstration: false,
    used: null,
    window: null,
    busy,
    outcome,
  };
};
const finished: Told = {
  type: "event",
  turn: "1",
  replyTo: null,
  fence: 1,
  seq: 1,
  event: { type: "finished", end: "answered" },
};
const question = (markdown: string, ...labels: readonly string[]) =>
  post(
    markdown,
    labels.map((label, at) => ({ label, data: `ask:0123456789abcdef:${at}` })),
  );
const saved = post("💾 Saved: tea", [{ label: "Undo", data: "/memory undo 1" }]);

/** Asks a service that says what `script` has for each word of the terminal's; gives what came of it, and what was heard there but for looks. */
async function asked(t: TestContext, script: (said: TerminalSays) => readonly Told[], ask: Context["ask"] = null) {
  const home = await mkdtemp(join(tmpdir(), "hermes-once-"));
  const heard: TerminalSays[] = [];
  const service = await serveControl(home, {
    handle: async () => ({ ok: false, text: "" }),
    receive(_request, visit) {
      visit.say({ type: "hello", seat: "q-1", version: "1", commands: [], missed: [], events: [] });
      visit.listen(
        (message) => {
          // The other end of the same protocol.
          const said = message as TerminalSays;
          if (said.type !== "look") heard.push(said);
          for (const told of script(said)) visit.say(told);
        },
        () => {},
      );
      return true;
    },
  });
  t.after(async () => {
    await service.close();
    await rm(home, { recursive: true });
  });
  const out: string[] = [];
  const remarks: string[] = [];
  let code: number | null = null;
  const context: Context = {
    env: {},
    home,
    print: (line) => void out.push(line),
    remark: (line) => void remarks.push(line),
    ask,
    exit: (status) => void (code = status),
    product: () => assert.fail("a service runs"),
  };
  const options = { question: "hello", only: null, resume: null, language: null, form: "text", quiet: true } as const;
  await askOnce(context, streams(Readable.from([])), { ...options, draw: async (markdown) => markdown });
  return { out: out.join("\n"), remarks: remarks.join("\n"), code, heard };
}

/** Says these one after the other, each when it is looked how things stand; the last one then for ever. */
function inTurn(first: readonly Told[], ...looks: readonly (readonly Told[])[]): (said: TerminalSays) => readonly Told[] {
  let at = 0;
  return ({ type }) => (type === "say" ? first : type === "look" ? (looks[Math.min(at++, looks.length - 1)] ?? []) : []);
}

test("what has buttons that wait for nobody ends a talk of one question, and stands for no answer of a turn", async (t) => {
  const sessions = post("Earlier conversations", [{ label: "Tea", data: "/resume 1" }]);
  const command = await asked(t, inTurn([sessions], [state(false)]));
  assert.deepEqual([command.out, command.code], ["Earlier conversations", 0]);
  const answer = post("I remember.");
  const over = [state(false, "answered")];
  for (const script of [inTurn([answer, saved], over), inTurn([saved], [state(true), answer], over)]) {
    const { out, code, heard } = await asked(t, script);
    assert.deepEqual([out, code, heard.length], ["I remember.", 0, 1]);
  }
});

test("how things stood before an answer came makes no question of it", async (t) => {
  const { out, heard } = await asked(
    t,
    inTurn([finished, finished], [], [post("The answer."), state(true), state(true)], [state(false, "answered")]),
  );
  assert.equal(out, "The answer.");
  assert.deepEqual(
    heard.map(({ type }) => type),
    ["say"],
  );
});

test("one who looks on is asked for leave once more when it was not understood; nothing in the question steers the terminal", async (t) => {
  const wants = question("\u001b]52;c;aGk=\u0007May I \u202eton?", "Once", "Deny\u009b1m", "Deny");
  let pressed = false;
  const prompts: string[] = [];
  const { out, heard, code } = await asked(
    t,
    (said) => {
      if (said.type === "say") return [wants];
      if (said.type === "look") return [pressed ? state(false, "answered") : state(true)];
      pressed = true;
      return [post("Done.")];
    },
    async (prompt) => {
      prompts.push(prompt);
      return prompts.length === 1 ? "sure" : "yes";
    },
  );
  assert.deepEqual([out, code, prompts.length], ["Done.", 0, 2]);
  assert.deepEqual(
    heard.map((said) => (said.type === "press" ? said.data : said.type)),
    ["say", "ask:0123456789abcdef:0"],
  );
  assert.doesNotMatch(prompts.join(""), /[^\P{C}\n]/u);
});

test("Ctrl-C at a question stops the turn and gives 130", async (t) => {
  let stopped = false;
  const { code, heard } = await asked(
    t,
    (said) => {
      if (said.type === "say") return [question("May I?", "Once", "Deny")];
      if (said.type === "look") return [stopped ? state(false, "stopped") : state(true)];
      stopped = true;
      return [post("Stopped here.")];
    },
    async () => {
      throw leaving();
    },
  );
  assert.deepEqual([code, heard.map(({ type }) => type)], [130, ["say", "stop"]]);
});

test("any sets of tools have a seat of their own, whatever their order; what was opened for a terminal that never sat down is closed", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-seat-"));
  t.after(() => rm(home, { recursive: true }));
  const seats: string[] = [];
  let closed = 0;
  let away = new AbortController();
  /** Is not ready, and its person does not wait. */
  const openForTerminal = async () => {
    const service = await serveControl(home, {
      handle: async () => ({ ok: false, text: "" }),
      receive({ args }, visit) {
        seats.push(JSON.parse(args[0] ?? "").seat);
        visit.say({ type: "refused", id: null, why: "Not yet.", again: true });
        away.abort();
        return true;
      },
    });
    return {
      close: async () => {
        closed += 1;
        await service.close();
      },
    };
  };
  const nothing = () => assert.fail("not wanted here");
  const product: Product = { openForTerminal, openService: nothing, tryMcp: nothing, openOffline: nothing };
  const context: Context = {
    env: {},
    home,
    print: nothing,
    remark: nothing,
    ask: null,
    exit: () => {},
    product: async () => product,
  };
  const screen = {
    async talk({ connect }: TalkOptions) {
      away = new AbortController();
      await assert.rejects(connect({ seat: null, mayOpen: () => true, signal: away.signal }), { name: "AbortError" });
      return 0;
    },
    drawMarkdown: nothing,
  };
  const sets = toolsetNames.filter((name) => name !== "all");
  for (const names of [sets, sets.toReversed(), ["mcp-my server"], ["file"]]) {
    const command = new Command();
    const seen = { ...streams(Readable.from([])), stdout: { write: () => true, isTTY: true } };
    chatWith(async () => screen)(command, context, { ...seen, stdin: Object.assign(Readable.from([]), { isTTY: true }) });
    await command.parseAsync(["-t", names.join(",")], { from: "user" });
  }
  assert.equal(closed, 4);
  for (const seat of seats) assert.match(seat, /^with-[\w.,-]{1,95}$/);
  assert.deepEqual([seats[0] === seats[1], new Set(seats).size], [true, 3]);
});
