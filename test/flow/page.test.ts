import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { call, calls, endSilently, html, modelServerWith, say, type Seen, status } from "../doubles/model-server.ts";
import { openPage, type PageClient } from "./page-client.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Process, startHermes } from "./service.ts";
import { type KillableRig, openTalkApart } from "./talk-rig.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");
const lastRole = (seen: Seen) => seen.body.messages.at(-1)?.role;

suite("one service at the page", () => {
  let rig: KillableRig;
  before(async () => {
    rig = await openTalkApart();
  });
  after(() => rig[Symbol.asyncDispose]());
  /** What the agent says from now on, once it has said so much. */
  const saying = async () => {
    const said = (await rig.page.answers(0)).length;
    return async (count: number) => (await rig.page.answers(said + count)).slice(said);
  };

  test("a message gets its answer, a real command is run, and the next session remembers what was saved", async () => {
    const script = (seen: Seen) => {
      if (lastRole(seen) === "tool") return say(`The tool said: ${String(seen.body.messages.at(-1)?.content)}`);
      if (lastText(seen).includes("command")) return call("terminal", { command: "echo $((6*7)) > n.txt; cat n.txt" });
      if (lastText(seen).includes("remember"))
        return call("memory", { action: "add", target: "user", content: "Likes green tea", old_text: "" });
      return say("hello yourself");
    };
    await rig.begin(script);
    const said = await saying();
    assert.equal(await rig.page.send("hello"), 202);
    assert.deepEqual(await said(1), ["hello yourself"]);
    assert.match(await rig.askOn("run a command"), /42/);
    assert.match(await rig.askOn("remember that I like green tea"), /The tool said/);
    const system = () => String(rig.model.seen.at(-1)?.body.messages[0]?.content);
    assert.ok(!system().includes("green tea"), "memory is frozen for the session");
    await rig.ask("hello again", script);
    assert.ok(system().includes("Likes green tea"), "the next session's prompt has it");
  });

  test("of a stop the model server is told, too", async () => {
    await rig.begin(() => say("word ".repeat(400), { pieces: 400, delayMs: 20 }));
    const before = rig.model.seen.length;
    await rig.page.send("a long story");
    await rig.model.arrived(before + 1);
    await rig.page.stop();
    await rig.model.aborted(before);
  });

  test("a message that arrives during a tool joins in at the next step", async () => {
    await rig.begin((seen) => {
      const users = seen.body.messages.filter((message) => message.role === "user").length;
      if (users === 1 && lastRole(seen) === "user") return call("terminal", { command: "sleep 1" });
      return say(`I know of ${users} messages`);
    });
    const [said, before] = [await saying(), rig.model.seen.length];
    await rig.page.send("first");
    await rig.model.arrived(before + 1);
    await rig.page.send("and also this");
    assert.deepEqual(await said(1), ["I know of 2 messages"]);
  });

  test("every bad day of a model server becomes one clear line, and the next message works", async () => {
    const days = [
      html(),
      say("fine 1"),
      status(401, { error: { message: "bad key" } }),
      say("fine 2"),
      endSilently(say("half an ans", { pieces: 3 })),
      endSilently(say("answer, and the rest of", { pieces: 3 })),
    ];
    await rig.begin((_seen, count) => days[count] ?? assert.fail("asked too often"));
    assert.match(await rig.askOn("html"), /⚠️.*(web page|HTML|not a model server)/i);
    assert.equal(await rig.askOn("again"), "fine 1");
    assert.match(await rig.askOn("key"), /OPENAI_API_KEY/);
    assert.equal(await rig.askOn("again"), "fine 2");
    const cut = await rig.askOn("cut off");
    assert.match(cut, /half an answer, and the rest of[^]*⚠️/);
    assert.doesNotMatch(cut, /at \w+ \(|Error:/, "no stack trace reaches the chat");
  });

  test("two calls in one step are both run, in order, and a tool that does not exist is told to the model", async () => {
    const { answer } = await rig.ask("go", (seen) => {
      if (lastRole(seen) !== "tool") {
        return calls([
          { name: "write_file", args: { path: "a.txt", content: "one" } },
          { name: "read_file", args: { path: "a.txt", offset: 1, limit: 10 } },
          { name: "fly", args: {} },
        ]);
      }
      const results = seen.body.messages.filter((message) => message.role === "tool").map((message) => String(message.content));
      return say(results.join(" | "));
    });
    assert.match(answer, /one/);
    assert.match(answer, /no tool named "fly"/);
  });

  test("a second start on the same home says who holds it", async () => {
    await using second = startHermes({ mode: "start", home: rig.home, env: { OPENAI_BASE_URL: rig.model.url } });
    await second.printed(/in use|held/i);
    assert.match(second.output(), new RegExp(`${rig.hermes.child.pid}`));
  });

  test("asked to end, it does", async () => {
    assert.equal(await rig.hermes.kill("SIGTERM"), 0);
  });
});

test("killed in the middle of an answer and in a command, it goes on after the next start and answers once", async () => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  await using model = await modelServerWith({ strict: false }, (seen) => {
    if (lastRole(seen) === "tool") return say(`finished: ${String(seen.body.messages.at(-1)?.content)}`);
    runs += 1;
    gate.resolve();
    return call("terminal", { command: "sleep 30; echo woke" });
  });
  // The one service of the tests that makes its record itself.
  await using home = await freshHome("none");
  const open = async () => {
    const hermes = startHermes({ mode: "start", home: home.path, env: { OPENAI_BASE_URL: model.url } });
    return { hermes, page: await openPage((await hermes.printed(/Open (http:\S+)/))[1] ?? "") };
  };
  const first = await open();
  await using _first = first.hermes;
  await first.page.send("a long command");
  await gate.promise;
  // The command has been journalled as started once the status says so.
  await running(first.page, first.hermes, "terminal");
  await first.hermes.kill("SIGKILL");
  const second = await open();
  await using _second = second.hermes;
  const finished = (said: readonly string[]) => said.filter((text) => text.startsWith("finished"));
  let said = await second.page.answers(0);
  while (finished(said).length === 0) said = await second.page.answers(said.length + 1);
  assert.match(finished(said)[0] ?? "", /outcome of this terminal call is unknown/);
  assert.equal(finished(said).length, 1);
  assert.equal(runs, 1, "the model was not asked for the call again");
});

async function running(page: PageClient, hermes: Process, tool: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await page.ask("/status")).includes(tool)) return;
    await setTimeout(50);
  }
  throw new Error(`never in ${tool}: ${hermes.output()}`);
}

test("no server at the address: the answer names it and what to do", async () => {
  await using home = await freshHome();
  await using hermes = await hostHermes({ home: home.path, env: { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" } });
  const page = await openPage((await hermes.printed(/Open (http:\S+)/))[1] ?? "");
  assert.match(await page.ask("hello"), /127\.0\.0\.1:9/);
});
