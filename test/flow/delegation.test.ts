import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, hang, modelServerWith, say, type ModelServer, type Responder, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

const config = `terminal: {backend: local}
approvals: {approvers: member}
model: {concurrency: 16}
`;

/** What a request is about: the words of whoever asked last. */
function askedFor(seen: Seen): string {
  return String(seen.body.messages.findLast(({ role }) => role === "user")?.content ?? "");
}

/** A subagent's goal; null for a chat's own request. */
function goalOf(seen: Seen): string | null {
  if (!String(seen.body.messages[0]?.content).includes("You are a subagent")) return null;
  return /^\w+/.exec(String(seen.body.messages.find(({ role }) => role === "user")?.content))?.[0] ?? "";
}

/** The last result of the turn, if its last message is one. */
function result(seen: Seen): string | null {
  const last = seen.body.messages.at(-1);
  return last?.role === "tool" ? String(last.content) : null;
}

/** A chat's turn that delegates these goals, and says what came of it. */
function delegating(goals: readonly string[], more: object = {}) {
  return (seen: Seen) => {
    const came = result(seen);
    return came === null ? call("delegate_task", { tasks: goals.map((goal) => ({ goal })), ...more }) : say(`came: ${came}`);
  };
}

suite("subagents", () => {
  const stack = new AsyncDisposableStack();
  const script: { now: Responder } = { now: () => say("hello") };
  const running: { hermes: Process | null } = { hermes: null };
  let model: ModelServer;
  let telegram: Awaited<ReturnType<typeof telegramServer>>;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let start: () => Promise<void>;
  let home = "";
  let configure: (more: string) => Promise<void>;
  before(async () => {
    model = stack.use(await modelServerWith({ strict: false }, (seen, count) => script.now(seen, count)));
    telegram = stack.use(await telegramServer());
    redis = stack.use(await startRedis());
    const database = stack.use(await freshDatabase());
    const fresh = stack.use(await freshHome("none"));
    home = fresh.path;
    configure = async (more) => await writeFile(join(home, "config.yaml"), `${config}${more}\n`);
    await configure("");
    const env = {
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      OPENAI_BASE_URL: model.url,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
    };
    start = async () => {
      running.hermes = startHermes({ mode: "start", home, env });
      await running.hermes.printed(/telegram is connected/);
    };
    stack.defer(async () => await running.hermes?.[Symbol.asyncDispose]());
    await start();
  });
  after(() => stack.disposeAsync());

  const texts = (chat: number) => telegram.messages(chat).map(({ text }) => text);
  const until = async (chat: number, says: RegExp): Promise<string> => {
    const found = () => texts(chat).find((text) => says.test(text));
    await telegram.waitFor(() => found() !== undefined, 30_000);
    return found() ?? "";
  };
  const since = () => {
    const from = model.seen.length;
    return () => model.seen.slice(from);
  };

  test("four tasks, three at a time: each in a fresh conversation, their reports as one result", async () => {
    const seen = since();
    script.now = (each) => {
      const goal = goalOf(each);
      if (goal === null) return delegating(["alpha", "beta", "gamma", "delta"])(each);
      return result(each) === null ? call("terminal", { command: `echo ${goal}` }) : say(`report on ${goal}`);
    };
    telegram.say(7, "my secret is zebra; do four things");
    const said = await until(7, /came: /);
    for (const goal of ["alpha", "beta", "gamma", "delta"]) assert.match(said, new RegExp(`report on ${goal}`));
    assert.equal(said.match(/"status": "done"/g)?.length, 4);
    assert.match(said, /"steps": 2,\s+"tools": \{\s+"terminal": 1\s+\},\s+"tokens": \d+,\s+"seconds": \d+/);
    const children = seen().filter((each) => goalOf(each) !== null);
    assert.equal(children.length, 8);
    for (const child of children) {
      assert.doesNotMatch(child.raw, /zebra/);
      const names = (child.body.tools ?? []).map((tool) => tool.function.name);
      assert.ok(names.includes("terminal"), names.join());
      assert.ok(!names.some((name) => /delegate|memory|clarify|send_message|configuration|cronjob/.test(name)), names.join());
    }
  });

  test("all killed and Redis wiped in the middle: no finished step again, one report each", async () => {
    const seen = since();
    const open = { hanging: true };
    script.now = (each) => {
      const goal = goalOf(each);
      if (goal === null) return delegating(["north", "south"])(each);
      if (result(each) === null) return call("terminal", { command: `echo ${goal} >> steps.log; cat steps.log` });
      return open.hanging ? hang() : say(`report on ${goal}: ${result(each)}`);
    };
    telegram.say(8, "two things");
    const second = (each: Seen) => goalOf(each) !== null && result(each) !== null;
    await telegram.waitFor(() => new Set(seen().filter(second).map(goalOf)).size === 2, 30_000);
    open.hanging = false;
    await running.hermes?.kill("SIGKILL");
    await redis.flush();
    await start();
    const said = await until(8, /came: /);
    assert.equal(said.match(/report on north/g)?.length, 1);
    assert.equal(said.match(/report on south/g)?.length, 1);
    // Each wrote its line once, whatever was asked again.
    assert.match(said, /report on (?:north: north|north: south(?:\\n)+north)/);
    const first = seen().filter((each) => goalOf(each) !== null && result(each) === null);
    assert.equal(first.length, 2);
    assert.equal(seen().filter((each) => goalOf(each) === null).length, 2, "the parent asked for them once");
  });

  test("one is stopped by its number; the others go on, and the request is told", async () => {
    const seen = since();
    script.now = (each) => {
      const goal = goalOf(each);
      if (goal === null) return delegating(["quick", "stuck"])(each);
      return goal === "stuck" ? hang() : say("report of the quick one");
    };
    telegram.say(9, "two things");
    await telegram.waitFor(() => seen().some((each) => goalOf(each) === "stuck"), 30_000);
    // Each has a line in the chat while they work, although their request rests.
    const shows = (line: RegExp) => telegram.drafts(9).some(({ text }) => line.test(text));
    await telegram.waitFor(() => shows(/🤖 \d+ stuck, step 1/) && shows(/✓ \d+ quick/), 30_000);
    telegram.say(9, "/agents");
    const number = /(\d+) Subagent \d+, for [^:]+: stuck/.exec(await until(9, /Subagent \d+, .*: stuck/))?.[1];
    telegram.say(9, "/status");
    await until(9, /Beside that: [12] subagents? \(\/agents\)/);
    telegram.say(9, `/agents stop ${number}`);
    const said = await until(9, /came: /);
    assert.match(said, /report of the quick one/);
    assert.match(said, /"status": "stopped",\s+"summary": "\[Stopped: .* stopped it\.\]/);
  });

  test("a stop of the request stops them all", async () => {
    const seen = since();
    script.now = (each) => (goalOf(each) === null ? delegating(["one", "two"])(each) : hang());
    telegram.say(10, "two things");
    await telegram.waitFor(() => seen().filter((each) => goalOf(each) !== null).length === 2, 30_000);
    telegram.say(10, "/stop");
    await until(10, /Stopped/);
    // They end on their own: it may list them for a moment longer.
    while (!texts(10).some((text) => /Nothing runs beside/.test(text))) {
      const { length } = texts(10);
      telegram.say(10, "/agents");
      await telegram.waitFor(() => texts(10).length > length, 30_000);
    }
    const count = seen().length;
    script.now = () => say("something else");
    telegram.say(10, "another thing");
    await until(10, /something else/);
    assert.equal(seen().length, count + 1, "nobody asked the model for what was stopped");
  });

  test("in a shared chat they know neither what anybody told in private nor what was said there", async () => {
    const seen = since();
    script.now = (each) =>
      result(each) === null ? call("memory", { action: "add", target: "memory", content: "likes quokkas" }) : say("noted");
    telegram.say(11, "I like quokkas");
    await until(11, /noted/);
    script.now = (each) => {
      if (goalOf(each) !== null) return say("report");
      return askedFor(each).includes("delegate") ? delegating(["task"])(each) : say("heard");
    };
    telegram.say(-55, `@${telegram.bot.username} the password is walrus`, { from: 11 });
    await until(-55, /heard/);
    telegram.say(-55, `@${telegram.bot.username} delegate`, { from: 11 });
    await until(-55, /came: /);
    const children = seen().filter((each) => goalOf(each) !== null);
    assert.equal(children.length, 1);
    assert.doesNotMatch(children[0]?.raw ?? "", /quokka|walrus/);
    assert.match(children[0]?.raw ?? "", /task/);
  });

  test("what one may not do alone is asked in the chat, in its name", async () => {
    script.now = (each) => {
      if (goalOf(each) === null) return delegating(["clean"])(each);
      return result(each) === null ? call("terminal", { command: "rm -rf old" }) : say(`did: ${result(each)}`);
    };
    telegram.say(12, "tidy up");
    await until(12, /^Subagent \d+ asks:[^]*May I run this\?[^]*rm -rf old/);
    await telegram.waitFor(() => telegram.drafts(12).some(({ text }) => /✋ \d+ clean, waits for an answer/.test(text)), 30_000);
    telegram.say(12, "/agents");
    await until(12, /: clean \(waits for an answer, /);
    telegram.say(12, "/approve");
    assert.match(await until(12, /came: /), /did: \(no output\)/);
  });

  test("an answer that does not have the form asked for is asked for once more", async () => {
    const seen = since();
    const schema = { type: "object", properties: { count: { type: "integer" } }, required: ["count"] };
    script.now = (each) => {
      if (goalOf(each) === null) return delegating(["count"], { output_schema: schema })(each);
      return each.body.messages.at(-1)?.role === "user" && askedFor(each).includes("does not have the form")
        ? say('{"count": 3}')
        : say("three");
    };
    telegram.say(13, "how many");
    assert.match(await until(13, /came: /), /"output": \{\s+"count": 3\s+\}/);
    assert.equal(seen().filter((each) => goalOf(each) !== null).length, 2);
  });

  test("one that never ends is stopped, and the request goes on with what it was told", async () => {
    await configure("delegation: {child_timeout: 1}");
    script.now = (each) => (goalOf(each) === null ? delegating(["forever"])(each) : hang());
    telegram.say(15, "wait for it");
    assert.match(await until(15, /came: /), /"status": "stopped",\s+"summary": "\[Stopped: it took too long\.\]"/);
  });

  test("a request and its subagents take no more steps together than it may, also when all are killed between", async () => {
    await configure("agent: {max_turns: 12}");
    const seen = since();
    const open = { hanging: true };
    script.now = (each) => {
      const goal = goalOf(each);
      const messages = each.body.messages.length;
      if (goal === null) {
        if (String(each.body.messages.at(-1)?.content).includes("No more tools")) return say(`came: ${each.raw}`);
        return call("delegate_task", { tasks: ["ever", "more"].map((name) => ({ goal: `${name} ${messages}` })) });
      }
      if (String(each.body.messages.at(-1)?.content).includes("No more tools")) return say(`${goal} ran out`);
      return open.hanging && messages > 5 ? hang() : call("terminal", { command: `echo ${goal} ${messages}` });
    };
    telegram.say(17, "go on for ever");
    await telegram.waitFor(
      () =>
        new Set(
          seen()
            .filter((each) => each.body.messages.length > 5)
            .map(goalOf),
        ).size === 2,
      30_000,
    );
    open.hanging = false;
    await running.hermes?.kill("SIGKILL");
    await start();
    const said = await until(17, /came: /);
    assert.match(said, /ever ran out/);
    const steps = new Set(seen().map((each) => `${goalOf(each)} ${each.body.messages.length}`));
    assert.ok(steps.size <= 12, [...steps].join());
    const raw = seen().at(-1)?.raw ?? "";
    assert.match(raw, /It took all of its 5 steps/);
    assert.match(raw, /All 12 steps of this request are taken, its subagents' included/);
    assert.match(raw, /\[1 steps are left/);
  });

  test("as deep as the configuration allows, and no deeper", async () => {
    await configure("delegation: {max_spawn_depth: 2}");
    const seen = since();
    script.now = (each) => {
      const goal = goalOf(each);
      if (goal === null) return delegating(["outer"])(each);
      if (goal === "inner") return say("the innermost report");
      return result(each) === null ? call("delegate_task", { goal: "inner" }) : say(`heard ${result(each)}`);
    };
    telegram.say(16, "go deep");
    assert.match(await until(16, /came: /), /the innermost report/);
    const inner = seen().find((each) => goalOf(each) === "inner");
    const names = (inner?.body.tools ?? []).map((tool) => tool.function.name);
    assert.ok(names.includes("terminal") && !names.includes("delegate_task"), names.join());
  });

  test("a background task answers by itself, while the conversation goes on without it", async () => {
    const gate = join(home, "gate");
    script.now = (each) => {
      if (!askedFor(each).includes("count sheep")) return say("yes, still here");
      const counting = call("terminal", { command: `until [ -e ${gate} ]; do sleep 0.05; done` });
      return result(each) === null ? counting : say("forty sheep");
    };
    const seen = since();
    telegram.say(14, "/background count sheep");
    const number = /Background task (\d+) has begun/.exec(await until(14, /has begun/))?.[1];
    await telegram.waitFor(() => seen().length > 0, 30_000);
    telegram.say(14, "are you there?");
    await until(14, /yes, still here/);
    assert.doesNotMatch(seen().at(-1)?.raw ?? "", /sheep/);
    telegram.say(14, "/stop");
    await until(14, /A background task is: \/agents/);
    await writeFile(gate, "");
    await until(14, /forty sheep/);
    assert.equal(texts(14).filter((text) => text.includes("forty sheep")).length, 1);
    assert.match(
      texts(14).find((text) => text.includes("forty sheep")) ?? "",
      new RegExp(`^Background task ${number}: count sheep`),
    );
  });
});
