import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { isStuck, watchLoops } from "../../src/agent/loops.ts";
import { watchRunaway } from "../../src/agent/runaway.ts";
import type { ModelMessage, ToolCall } from "../../src/core/model.ts";

const asked = (name: string, args: unknown, id = "1"): ModelMessage => ({
  role: "assistant",
  content: "",
  reasoning: "",
  calls: [{ id, name, arguments: JSON.stringify(args) }],
});
const told = (content: string, id = "1"): ModelMessage => ({ role: "tool", call: id, name: "look", content });

suite("loops", () => {
  const call = (args: object): ToolCall => ({ id: "1", name: "look", arguments: JSON.stringify(args) });

  test("what a resumed turn knows of its calls is what an unbroken one does", () => {
    const step = fc.record({
      args: fc.constantFrom({ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 2 }),
      result: fc.constantFrom("x", "y", "(no matches)"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const unbroken = watchLoops([]);
        const journal: ModelMessage[] = [];
        for (const { args, result } of steps) {
          const resumed = watchLoops(journal);
          assert.equal(unbroken.refusal(call(args)), resumed.refusal(call(args)));
          const content = unbroken.refusal(call(args)) ?? unbroken.noted(call(args), result);
          assert.equal(content, resumed.refusal(call(args)) ?? resumed.noted(call(args), result));
          journal.push(asked("look", args), told(content));
        }
      }),
    );
  });

  test("calls whose results differ are never told nor refused", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 30 }), (results) => {
        const loops = watchLoops([]);
        for (const [at, result] of results.entries()) {
          assert.equal(loops.refusal(call({})), null);
          assert.equal(loops.noted(call({}), `${at} ${result}`), `${at} ${result}`);
        }
      }),
    );
  });

  test("something new in between is a new beginning: the same check after each change is no circle", () => {
    const loops = watchLoops([]);
    for (let change = 0; change < 10; change += 1) {
      assert.equal(loops.noted(call({ edit: change }), "ok"), "ok");
      assert.equal(loops.refusal(call({ check: true })), null);
      assert.equal(loops.noted(call({ check: true }), "1 failed"), "1 failed");
    }
  });

  test("four different searches that find nothing are told, and none is refused", () => {
    const loops = watchLoops([]);
    const results = [1, 2, 3, 4, 5].map((at) =>
      loops.noted(call({ command: `grep -r word${at}` }), "(no output)\n[exit code 1]"),
    );
    assert.deepEqual(
      results.map((text) => text.includes("searches in a row found nothing")),
      [false, false, false, true, false],
    );
    const quiet = [1, 2, 3, 4, 5].map((at) => loops.noted(call({ command: `mkdir d${at}` }), "(no output)"));
    assert.ok(quiet.every((text) => text === "(no output)"));
  });

  test("waiting is no circle, however often: a look at a background process, a command behind a sleep", () => {
    const loops = watchLoops([]);
    const waits: readonly ToolCall[] = [
      { id: "1", name: "process", arguments: '{"action":"wait","session_id":"p1"}' },
      { id: "1", name: "process", arguments: '{"action":"poll","session_id":"p1"}' },
      { id: "1", name: "terminal", arguments: '{"command":"sleep 20; kubectl get pods"}' },
      { id: "1", name: "terminal", arguments: '{"command":"for i in 1 2; do sleep 5; done; cat state"}' },
    ];
    for (const wait of waits) {
      for (let time = 0; time < 30; time += 1) {
        assert.equal(loops.refusal(wait), null);
        assert.equal(loops.noted(wait, "(no new output)\n[p1 running.]"), "(no new output)\n[p1 running.]");
      }
    }
    const looks: ToolCall = { id: "1", name: "process", arguments: '{"action":"list"}' };
    for (let time = 0; time < 5; time += 1) loops.noted(looks, "none");
    assert.match(loops.refusal(looks) ?? "", /not run again/);
  });

  test("a result that ends like a note, or begins like a refusal, is only a result", () => {
    const loops = watchLoops([]);
    const odd = "x\n\n[Going in circles? ".repeat(20_000);
    const began = process.cpuUsage();
    assert.equal(loops.noted(call({}), odd), odd);
    watchLoops([asked("look", {}), told(odd)]);
    assert.ok(process.cpuUsage(began).user < 500_000);
  });

  test("a turn is stuck after three steps of nothing but refused calls", () => {
    const refused = "This call was not run again: it has";
    const step = [asked("look", {}), told(refused)];
    assert.equal(isStuck([...step, ...step]), false);
    assert.equal(isStuck([asked("look", {}), told("x"), ...step, ...step, ...step]), true);
    assert.equal(isStuck([...step, ...step, ...step, asked("look", {}), told("x")]), false);
    assert.equal(isStuck([...step, { role: "user", content: "go on" }, ...step, ...step]), false);
  });
});

suite("text without end", () => {
  /** Letters without an inner order (Knuth's multiplier). */
  const block = (seed: number, length: number) => {
    let state = seed;
    const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
    return Array.from({ length }, () => String.fromCharCode(97 + ((next() >>> 16) % 26))).join("");
  };
  const feed = (text: string, size: number) => {
    const watch = watchRunaway();
    for (let at = 0; at < text.length; at += size) if (watch.push(text.slice(at, at + size))) return watch.kept();
    return null;
  };

  test("five times the same block of 200 characters and more is caught, whatever the pieces, and the first one kept", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 3_000 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 9 }),
        (length, size, seed) => {
          const one = block(seed, length);
          const kept = feed(`A beginning. ${one.repeat(8)}`, size);
          assert.ok(kept !== null && kept.startsWith("A beginning. ") && kept.length <= 13 + length, `${length} ${size}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a word without end is caught too, much later", () => {
    const kept = feed("the ".repeat(5_000), 3);
    assert.ok(kept !== null && kept.length <= 1_604);
  });

  test("what people write is not: a hundred lines of punishment, a long rule, a table, a listing", () => {
    const rows = Array.from({ length: 900 }, (_, at) => `| row ${at} | ${at * 7} | ok |\n`).join("");
    for (const text of ["I will not talk in class.\n".repeat(100), "-".repeat(1_000), rows, "0x00, ".repeat(512)])
      assert.equal(feed(text, 5), null);
  });

  test("a look costs next to nothing", () => {
    const text = Array.from({ length: 20_000 }, (_, at) => `word${at % 977} `).join("");
    const began = process.cpuUsage(); // not the clock: others may use the machine
    const watch = watchRunaway();
    for (let at = 0; at < text.length; at += 4) watch.push(text.slice(at, at + 4));
    const perToken = process.cpuUsage(began).user / (text.length / 4);
    assert.ok(perToken < 10, `${perToken.toFixed(2)} µs a token`);
  });
});
