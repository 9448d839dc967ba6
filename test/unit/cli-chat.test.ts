import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Command } from "commander";
import { chatWith } from "../../src/cli/chat.ts";
import type { Context, Product } from "../../src/cli/context.ts";
import { leaving } from "../../src/cli/leaving.ts";
import { toolsetNames } from "../../src/core/toolsets.ts";
import type { TalkOptions, TerminalSays } from "../../src/core/terminal.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { asked, finished, inTurn, post, question, restarting, saved, state, streams } from "./cli-chat-rig.ts";

test("what has buttons that wait for nobody ends a talk of one question, and stands for no answer of a turn", async (t) => {
  const sessions = post("Earlier conversations", [{ label: "Tea", data: "/resume 1" }]);
  const command = await asked(t, inTurn([sessions], [state(false)]));
  assert.deepEqual([command.out, command.code], ["Earlier conversations", 0]);
  const answer = post("I remember.");
  const over = [state(false, "answered", answer)];
  for (const script of [inTurn([answer, saved], over), inTurn([saved], [state(true), answer], over)]) {
    const { out, code, heard } = await asked(t, script);
    assert.deepEqual([out, code, heard.length], ["I remember.", 0, 1]);
  }
});

test("how things stood before an answer came makes no question of it", async (t) => {
  const answer = post("The answer.");
  const { out, heard } = await asked(
    t,
    inTurn([finished, finished], [], [answer, state(true), state(true)], [state(false, "answered", answer)]),
  );
  assert.equal(out, "The answer.");
  assert.deepEqual(
    heard.map(({ type }) => type),
    ["say"],
  );
});

test("one who looks on is asked for leave once more when it was not understood; nothing in the question steers the terminal", async (t) => {
  const wants = question("\u001b]52;c;aGk=\u0007May I \u202eton?", "Once", "Deny\u009b1m", "Deny");
  const done = post("Done.");
  let pressed = false;
  const prompts: string[] = [];
  const { out, heard, code } = await asked(
    t,
    (said) => {
      if (said.type === "say") return [wants];
      if (said.type === "look") return [pressed ? state(false, "answered", done) : state(true, null, null, [wants])];
      pressed = true;
      return [done];
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

test("Ctrl-C at a question stops the turn and gives 130, also when the service has gone away and come back meanwhile", async (t) => {
  for (const times of [0, 1]) {
    const service = restarting(times);
    let stopped = false;
    const [wants, ended] = [question("May I?", "Once", "Deny"), post("Stopped here.")];
    const { code, heard } = await asked(
      t,
      (said, visit) => {
        if (said.type === "say") return service.reached(visit) ? [wants] : [];
        if (said.type === "look") return [stopped ? state(false, "stopped", ended) : state(true, null, null, [wants])];
        stopped = true;
        return [ended];
      },
      async () => {
        await service.restarted();
        throw leaving();
      },
    );
    assert.deepEqual([code, heard.map(({ type }) => type)], [130, [...Array<string>(times + 1).fill("say"), "stop"]]);
  }
});

test("a reply is given until it is stored, by whichever service is there by then, and once", async (t) => {
  const service = restarting(1);
  const [wants, done] = [question("May I?", "Once", "Deny"), post("Done.")];
  const presses: string[] = [];
  let prompts = 0;
  const { out, code, heard } = await asked(
    t,
    (said, visit) => {
      if (said.type === "say") return service.reached(visit) ? [wants] : [];
      if (said.type === "look") return [presses.length > 2 ? state(false, "answered", done) : state(true, null, null, [wants])];
      if (said.type !== "press") return [];
      presses.push(said.id);
      // It ends before it has said that it has it; the next one is not ready.
      if (presses.length === 1) visit.leave();
      if (presses.length === 2) return [wants, { type: "refused", id: said.id, why: "Not yet.", again: true }];
      return presses.length === 3 ? [{ type: "taken", id: said.id }, done] : [];
    },
    async () => {
      prompts += 1;
      await service.restarted();
      return "yes";
    },
  );
  assert.deepEqual([out, code, prompts, presses.length, new Set(presses).size], ["Done.", 0, 1, 3, 1]);
  assert.deepEqual(
    heard.map(({ type }) => type),
    ["say", "say", "press", "say", "press", "press"],
  );
});

test("an answer is taken for this question's own alone, whatever else is said here, and no answer of its own for a question", async (t) => {
  const other = post("Another's answer, which is longer.", [], "another");
  const report = post("A report.", [], null);
  const [taken, answer] = [post("It comes next."), post("The answer itself.")];
  // A command is answered at once, and the turn that it begins later.
  const { out, remarks, code, heard } = await asked(
    t,
    inTurn(
      [other, taken],
      [state(true), report, finished],
      [state(true)],
      [state(false, "answered", answer)],
      [answer, state(false, "answered", answer)],
    ),
  );
  assert.deepEqual([out, remarks, code], ["The answer itself.", "Another's answer, which is longer.\nA report.", 0]);
  assert.deepEqual(
    heard.map(({ type }) => type),
    ["say"],
  );
});

test("each of several questions is answered, once", async (t) => {
  const asks = [question("May I?", "Once", "Deny"), question("What is meant?")];
  const open = new Set(asks);
  const done = post("Done.");
  const { out, code, heard } = await asked(t, (said) => {
    if (said.type === "look") return [state(open.size > 0, open.size > 0 ? null : "answered", done, [...open])];
    if (heardFirst(said)) return asks;
    open.delete(said.type === "press" ? (asks[0] ?? done) : (asks[1] ?? done));
    return open.size === 0 ? [done] : [];
  });
  assert.deepEqual([out, code], ["Done.", 1]);
  assert.deepEqual(
    heard.map((said) => (said.type === "say" ? said.text.slice(0, 6) : said.type)),
    ["hello", "press", "Nobody"],
  );
});
const heardFirst = (said: TerminalSays) => said.type === "say" && said.text === "hello";

test("files go before the question, one after the other; those that were not taken go again, and no others", async (t) => {
  const [first, second] = ["one", "two"].map((name) => ({ id: `file-${name}`, name, bytes: Buffer.from(name) }));
  if (first === undefined || second === undefined) assert.fail();
  const answer = post("Read.");
  let refused = false;
  const { out, heard } = await asked(
    t,
    (said) => {
      if (said.type === "look") return [state(false, "answered", answer)];
      if (said.type === "say") return [answer];
      if (said.type !== "file") return [];
      const again = said.id === second.id && !refused;
      refused ||= again;
      return [again ? { type: "refused", id: said.id, why: "Not now.", again } : { type: "taken", id: said.id }];
    },
    null,
    [first, second],
  );
  assert.equal(out, "Read.");
  assert.deepEqual(
    heard.map((said) => (said.type === "file" ? Buffer.from(said.bytes, "base64").toString() : said.type)),
    ["one", "two", "two", "say"],
  );
  assert.deepEqual(heard.at(-1), { ...heard.at(-1), type: "say", text: "hello", files: [first.id, second.id] });
});

test("what has waited for its files is not said after a stop", async (t) => {
  const stopped = Promise.withResolvers<void>();
  const file = { id: "file-one", name: "one", bytes: Buffer.from("one") };
  const { code, heard } = await asked(
    t,
    (said) => {
      // Ctrl-C while it is on its way: another signal, as the tests' runner has that one.
      if (said.type === "file") process.emit("SIGHUP");
      if (said.type === "stop") stopped.resolve();
      return said.type === "file" ? [{ type: "taken", id: said.id }] : [];
    },
    null,
    [file],
  );
  await stopped.promise;
  assert.deepEqual([code, heard.map(({ type }) => type)], [130, ["file", "stop"]]);
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
