import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { call, calls, endSilently, html, modelServer, modelServerWith, say, type Seen, status } from "../doubles/model-server.ts";
import { openPage, type PageClient } from "./page-client.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

interface Rig extends AsyncDisposable {
  readonly home: string;
  readonly hermes: Process;
  readonly page: PageClient;
}

async function open(modelUrl: string, env: Readonly<Record<string, string>> = {}, home?: string): Promise<Rig> {
  const own = home === undefined ? await freshHome() : null;
  const path = home ?? own?.path ?? "";
  const hermes = startHermes({ mode: "start", home: path, env: { OPENAI_BASE_URL: modelUrl, ...env } });
  const printed = await hermes.printed(/Open (http:\S+)/);
  return {
    home: path,
    hermes,
    page: await openPage(printed[1] ?? ""),
    async [Symbol.asyncDispose]() {
      await hermes[Symbol.asyncDispose]();
      await own?.[Symbol.asyncDispose]();
    },
  };
}

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");
const lastRole = (seen: Seen) => seen.body.messages.at(-1)?.role;

test("a message gets its answer, a real command is run, and the next session remembers what was saved", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => {
    if (lastRole(seen) === "tool") return say(`The tool said: ${String(seen.body.messages.at(-1)?.content)}`);
    if (lastText(seen).includes("command")) return call("terminal", { command: "echo $((6*7)) > n.txt; cat n.txt" });
    if (lastText(seen).includes("remember"))
      return call("memory", { action: "add", target: "user", content: "Likes green tea", old_text: "" });
    return say("hello yourself");
  });
  await using rig = await open(model.url);
  assert.equal(await rig.page.send("hello"), 202);
  assert.deepEqual(await rig.page.answers(1), ["hello yourself"]);
  await rig.page.send("run a command");
  assert.match((await rig.page.answers(2))[1] ?? "", /42/);
  await rig.page.send("remember that I like green tea");
  assert.match((await rig.page.answers(3))[2] ?? "", /The tool said/);
  const system = (index: number) => String(model.seen[index]?.body.messages[0]?.content);
  assert.ok(!system(model.seen.length - 1).includes("green tea"), "memory is frozen for the session");
  await rig.page.send("/new");
  await rig.page.send("hello again");
  await rig.page.answers(5);
  assert.ok(system(model.seen.length - 1).includes("Likes green tea"), "the next session's prompt has it");
  assert.equal(await rig.hermes.kill("SIGTERM"), 0);
});

test("the same message twice is answered once", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => say(`echo ${lastText(seen)}`));
  await using rig = await open(model.url);
  const id = randomUUID();
  await Promise.all([rig.page.send("once", id), rig.page.send("once", id)]);
  await rig.page.send("twice");
  assert.deepEqual(await rig.page.answers(2), ["echo once", "echo twice"]);
  assert.equal(model.seen.length, 2);
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
  await using home = await freshHome();
  const first = await open(model.url, {}, home.path);
  await first.page.send("a long command");
  await gate.promise;
  await first.hermes.printed(/Open/);
  // The command has been journalled as started once the page shows it; the status says so.
  await running(first.page, first, "terminal");
  await first.hermes.kill("SIGKILL");
  await using second = await open(model.url, {}, home.path);
  const finished = async () => (await second.page.history()).filter((item) => item.text.startsWith("finished"));
  while ((await finished()).length === 0) await setTimeout(20);
  assert.match((await finished())[0]?.text ?? "", /outcome of this terminal call is unknown/);
  assert.equal((await finished()).length, 1);
  assert.equal(runs, 1, "the model was not asked for the call again");
});

async function running(page: PageClient, rig: Rig, tool: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const before = (await page.history()).length;
    await page.send("/status");
    for (;;) {
      const items = await page.history();
      if (items.length >= before + 2) {
        if (items.at(-1)?.text.includes(tool)) return;
        break;
      }
    }
  }
  throw new Error(`never in ${tool}: ${rig.hermes.output()}`);
}

test("/stop ends the turn with what there was; the next message is answered", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) =>
    lastText(seen).includes("long") ? say("word ".repeat(400), { pieces: 400, delayMs: 20 }) : say("short answer"),
  );
  await using rig = await open(model.url);
  await rig.page.send("a long story");
  await model.arrived(1);
  await rig.page.stop();
  const [stopped] = await rig.page.answers(1);
  assert.match(stopped ?? "", /Stopped/);
  // The server was told too.
  await model.aborted(0);
  await rig.page.send("next");
  assert.deepEqual((await rig.page.answers(2))[1], "short answer");
});

test("a message that arrives during a tool joins in at the next step", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => {
    const users = seen.body.messages.filter((message) => message.role === "user").length;
    if (users === 1 && lastRole(seen) === "user") return call("terminal", { command: "sleep 1" });
    return say(`I know of ${users} messages`);
  });
  await using rig = await open(model.url);
  await rig.page.send("first");
  await model.arrived(1);
  await rig.page.send("and also this");
  assert.deepEqual(await rig.page.answers(1), ["I know of 2 messages"]);
});

test("every bad day of a model server becomes one clear line, and the next message works", async () => {
  await using model = await modelServer(
    html(),
    say("fine 1"),
    status(401, { error: { message: "bad key" } }),
    say("fine 2"),
    endSilently(say("half an ans", { pieces: 3 })),
    endSilently(say("answer, and the rest of", { pieces: 3 })),
  );
  await using rig = await open(model.url);
  const ask = async (text: string, count: number) => {
    await rig.page.send(text);
    return (await rig.page.answers(count)).at(-1) ?? "";
  };
  assert.match(await ask("html", 1), /⚠️.*(web page|HTML|not a model server)/i);
  assert.equal(await ask("again", 2), "fine 1");
  assert.match(await ask("key", 3), /OPENAI_API_KEY/);
  assert.equal(await ask("again", 4), "fine 2");
  const cut = await ask("cut off", 5);
  assert.match(cut, /half an answer, and the rest of[^]*⚠️/);
  assert.doesNotMatch(cut, /at \w+ \(|Error:/, "no stack trace reaches the chat");
});

test("no server at the address: the answer names it and what to do", async () => {
  await using rig = await open("http://127.0.0.1:9/v1");
  await rig.page.send("hello");
  const [said] = await rig.page.answers(1);
  assert.match(said ?? "", /127\.0\.0\.1:9/);
});

test("two calls in one step are both run, in order, and a tool that does not exist is told to the model", async () => {
  await using model = await modelServerWith({ strict: false }, (seen) => {
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
  await using rig = await open(model.url);
  await rig.page.send("go");
  const [said] = await rig.page.answers(1);
  assert.match(said ?? "", /one/);
  assert.match(said ?? "", /no tool named "fly"/);
});

test("a second start on the same home says who holds it", async () => {
  await using model = await modelServerWith({ strict: false }, () => say("x"));
  await using rig = await open(model.url);
  const second = startHermes({ mode: "start", home: rig.home, env: { OPENAI_BASE_URL: model.url } });
  await second.printed(/in use|held/i).catch(() => undefined);
  await second.kill("SIGTERM").catch(() => undefined);
  assert.match(second.output(), new RegExp(`${rig.hermes.child.pid}`));
});
