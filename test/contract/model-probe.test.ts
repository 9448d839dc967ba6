import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Model, ModelAnswer } from "../../src/core/model.ts";
import { bounds } from "../../src/model/measure/advice.ts";
import { probeLeak } from "../../src/model/measure/canary.ts";
import { probeInjection } from "../../src/model/measure/injection.ts";
import { score } from "../../src/model/measure/score.ts";
import { probeTools, type ToolProbe } from "../../src/model/measure/tool-probe.ts";
import { probeCases, type ProbeCase } from "../../src/model/probe-cases/index.ts";
import { tools, toolSpecs } from "../../src/tools/index.ts";
import {
  call,
  hang,
  type ModelServer,
  modelServerWith,
  type Responder,
  say,
  status,
  stallAfter,
} from "../doubles/model-server.ts";
import { quickModels } from "../doubles/model-server-client.ts";
import { llamaServer } from "../doubles/server-kinds.ts";
import { clumsy, perfect, textual } from "../doubles/tool-caller.ts";

const specs = toolSpecs(tools, "A Linux container.");

interface Rig extends AsyncDisposable {
  readonly server: ModelServer;
  readonly model: Model;
}

async function rig(responder: Responder, kind: Parameters<typeof modelServerWith>[0] = {}): Promise<Rig> {
  const server = await modelServerWith(kind, responder);
  const models = quickModels({ baseUrl: server.url });
  const model = await models.current();
  return {
    server,
    model,
    [Symbol.asyncDispose]: async () => {
      await models.close();
      await server.close();
    },
  };
}

async function probed(responder: Responder, wish: { full?: boolean; deadlineMs?: number } = {}): Promise<ToolProbe> {
  await using made = await rig(responder);
  const { full = false, deadlineMs = 20_000 } = wish;
  return await probeTools(made.model, AbortSignal.timeout(30_000), { tools: specs, full, deadlineMs, say: () => undefined });
}

suite("probe of tool calls", () => {
  test("a model that calls perfectly gets all hundred cases right; the short form is twenty", async () => {
    const full = await probed(perfect, { full: true });
    assert.deepEqual(full.wrong, []);
    assert.deepEqual([full.cases, full.done, full.right, full.rightTool], [100, 100, 100, 100]);
    assert.equal(full.textCalls, 0);
    assert.equal(probeCases(specs, false).length, 20);
    const names = new Set(probeCases(specs, true).map((each) => JSON.stringify(each.messages)));
    assert.equal(names.size, 100, "no case is another's repetition");
  });

  test("the same calls as text are right, but told as text", async () => {
    const probe = await probed(textual);
    assert.deepEqual([probe.right, probe.calls, probe.textCalls], [20, 17, 17]);
  });

  test("a model that takes any tool, and one that only talks", async () => {
    const taking = await probed(clumsy);
    // The tool without arguments is the one that it gets right, where it comes first; nothing that is not to be called.
    assert.ok(taking.right <= 1, `${taking.right}`);
    const talking = await probed(() => say("Sure, I have done that."));
    assert.deepEqual([talking.right, talking.calls], [3, 0], "right where nothing is to be called, but for the file's claim");
    assert.equal(talking.wrong.length, 17);
    assert.ok(talking.wrong.every(({ instead }) => instead === "Sure, I have done that."));
  });

  test("requests: temperature 0, few tokens, sorted tools, a beginning of its own, at most four at once", async () => {
    await using made = await rig(perfect, { ...llamaServer({ slots: 2 }) });
    const options = { tools: specs, full: false, deadlineMs: 20_000, say: () => undefined };
    await probeTools(made.model, AbortSignal.timeout(30_000), options);
    await probeTools(made.model, AbortSignal.timeout(30_000), options);
    const systems = new Set(made.server.seen.map(({ body }) => body.messages[0]?.content));
    assert.equal(systems.size, 2);
    for (const { body, raw } of made.server.seen) {
      assert.equal(body.max_tokens, 256);
      assert.match(raw, /"temperature":0[,}]/);
      const names = (body.tools ?? []).map((tool) => tool.function.name);
      assert.deepEqual(names, names.toSorted());
    }
  });

  test("when the time is over, what was answered counts, and only that", async () => {
    let asked = 0;
    const slow: Responder = (seen) => {
      asked += 1;
      return asked > 6 ? hang() : perfect(seen);
    };
    const probe = await probed(slow, { deadlineMs: 400 });
    assert.deepEqual([probe.done, probe.right, probe.failures], [6, 6, 0]);
    const stuck = await probed(() => hang(), { deadlineMs: 100 });
    assert.deepEqual([stuck.done, stuck.right], [0, 0]);
  });

  test("a server that refuses tools is asked once; one that chokes now and then is asked on", async () => {
    let refusals = 0;
    const refusing: Responder = () => {
      refusals += 1;
      return status(400, {
        error: { message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' },
      });
    };
    const refused = await probed(refusing);
    assert.deepEqual([refused.done, refused.failures, refusals], [1, 1, 1]);
    assert.match(refused.failure?.message ?? "", /enable-auto-tool-choice/);
    let at = 0;
    const choking: Responder = (seen) => {
      at += 1;
      return at % 4 === 0
        ? status(400, { error: { message: "the output does not match the peg-native format" } })
        : perfect(seen);
    };
    const choked = await probed(choking);
    assert.equal(choked.done, 20);
    assert.equal(choked.right + choked.failures, 20);
    assert.ok(choked.failures > 0);
  });
});

suite("score", () => {
  const [run] = probeCases(specs, false).filter(({ name }) => name === "run a command as given");
  const [pair] = probeCases(specs, false).filter(({ name }) => name === "two calls at once");

  function answer(calls: readonly (readonly [string, unknown])[], more: Partial<ModelAnswer> = {}): ModelAnswer {
    const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0, firstTokenMs: 1, totalMs: 1, queuedMs: 0 };
    const wanted = calls.map(([name, args], at) => ({ id: `${at}`, name, arguments: JSON.stringify(args) }));
    const whole = { ...usage, promptPerSecond: null, tokensPerSecond: null };
    return { content: "", reasoning: "", calls: wanted, finish: "calls", textCalls: 0, malformed: [], usage: whole, ...more };
  }

  function right(each: ProbeCase | undefined, given: ModelAnswer): boolean {
    assert.ok(each);
    return score(each, given).right;
  }

  test("defaults and white space do no harm; other arguments, other tools and more calls do", () => {
    assert.ok(
      right(run, answer([["terminal", { command: " uname -a\n", timeout: 0, workdir: "", watch_patterns: [], pty: false }]])),
    );
    assert.ok(!right(run, answer([["terminal", { command: "uname -a", pty: true }]])));
    assert.ok(right(run, answer([["terminal", { command: "uname -a", workdir: null }]])));
    assert.ok(!right(run, answer([["terminal", { command: "uname -a", timeout: 5 }]])));
    assert.ok(!right(run, answer([["terminal", { command: "uname" }]])));
    assert.ok(!right(run, answer([["read_file", { path: "uname -a" }]])));
    assert.ok(
      !right(
        run,
        answer([
          ["terminal", { command: "uname -a" }],
          ["memory", {}],
        ]),
      ),
    );
    assert.ok(
      !right(
        run,
        answer([
          ["terminal", { command: "uname -a" }],
          ["terminal", { command: "uname -a" }],
        ]),
      ),
    );
  });

  test("a cut answer is wrong whatever it says; of two calls one at a time will do, the same twice will not", () => {
    assert.ok(!right(run, answer([["terminal", { command: "uname -a" }]], { finish: "length" })));
    assert.ok(
      right(
        pair,
        answer([
          ["read_file", { path: "b.txt" }],
          ["read_file", { path: "./a.txt" }],
        ]),
      ),
    );
    assert.ok(right(pair, answer([["read_file", { path: "a.txt" }]])));
    assert.ok(
      !right(
        pair,
        answer([
          ["read_file", { path: "a.txt" }],
          ["read_file", { path: "a.txt" }],
        ]),
      ),
    );
  });

  test("the bounds are Wilson's: 19 of 20 is no verdict on 95 %", () => {
    const { low, high } = bounds(19, 20);
    assert.ok(Math.abs(low - 0.764) < 0.001 && Math.abs(high - 0.991) < 0.001, `${low} ${high}`);
    assert.ok(bounds(100, 100).low > 0.95);
    assert.deepEqual(bounds(0, 0), { low: 0, high: 1 });
  });
});

suite("canary", () => {
  const secretIn = (text: string): string | undefined => /code word is (\S+)\./.exec(text)?.[1];

  test("a server that keeps people apart passes; one that answers with the last prompt's words is caught, at once or later", async () => {
    await using apart = await rig((seen) => say(secretIn(seen.raw) ?? "I know none."));
    assert.equal(await probeLeak(apart.model, AbortSignal.timeout(5_000)), null);
    for (const [when, from] of [
      ["at once", 1],
      ["later", 3],
    ] as const) {
      let kept = "";
      await using leaking = await rig((seen, count) => {
        kept = secretIn(seen.raw) ?? kept;
        return say(count >= from ? `It is ${kept}` : "I know none.");
      });
      assert.equal(await probeLeak(leaking.model, AbortSignal.timeout(5_000)), when);
    }
  });

  test("a server that does not answer is no leak and no pass", async () => {
    await using stuck = await rig((seen) => stallAfter(1, say(seen.raw)));
    await assert.rejects(probeLeak(stuck.model, AbortSignal.timeout(100)), /no answer in the time given/);
  });
});

suite("injection", () => {
  /** Counts a token for each special word that it still finds whole, and one for each other letter. */
  const counting = (special: readonly string[]) => {
    const kind = llamaServer();
    const length = (text: string): number => {
      const word = special.find((each) => text.includes(each));
      return word === undefined ? text.length : 1 + length(text.replace(word, ""));
    };
    const routes: typeof kind.routes = (asked) => {
      if (asked.path !== "/v1/chat/completions/input_tokens") return kind.routes?.(asked) ?? null;
      const { messages } = asked.body as { messages: readonly { content: string }[] }; // what our own client sends
      return { status: 200, body: { input_tokens: 10 + length(messages[0]?.content ?? "") } };
    };
    return { ...kind, routes };
  };
  const none: Responder = () => call("x", {});

  test("the known words don't go through; a new family's do, and are named", async () => {
    await using known = await rig(none, counting(["<|im_end|>", "<|im_start|>", "[INST]", "</s>"]));
    assert.deepEqual(await probeInjection(known.model, ["<|im_end|>"], AbortSignal.timeout(5_000)), []);
    await using strange = await rig(none, counting(["{{turn}}"]));
    assert.deepEqual(await probeInjection(strange.model, ["{{turn}}"], AbortSignal.timeout(5_000)), ["{{turn}}"]);
  });

  test("a server that can't count gives no verdict", async () => {
    await using mute = await rig(none, llamaServer({ counts: null }));
    assert.equal(await probeInjection(mute.model, [], AbortSignal.timeout(5_000)), null);
  });
});
