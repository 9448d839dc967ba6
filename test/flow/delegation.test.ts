import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, modelServerWith, say, type ModelServer, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshHome, startHermes } from "./service.ts";

type Reply = ReturnType<typeof say>;

/** What a request is about: the first words of whoever asked. */
function askedFor(seen: Seen): string {
  return String(seen.body.messages.findLast(({ role }) => role === "user")?.content ?? "");
}

function isChild(seen: Seen): boolean {
  return String(seen.body.messages[0]?.content).includes("You are a subagent");
}

/** The results that the turn has so far. */
function results(seen: Seen): readonly string[] {
  return seen.body.messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
}

suite("subagents", () => {
  const stack = new AsyncDisposableStack();
  const script = { now: (_seen: Seen): Reply => say("hello") };
  let model: ModelServer;
  let telegram: Awaited<ReturnType<typeof telegramServer>>;
  before(async () => {
    model = stack.use(await modelServerWith({ strict: false }, (seen) => script.now(seen)));
    telegram = stack.use(await telegramServer());
    const home = stack.use(await freshHome());
    await writeFile(join(home.path, "config.yaml"), "terminal: {backend: virtual}\n");
    const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
    const hermes = stack.use(startHermes({ mode: "start", home: home.path, env }));
    await hermes.printed(/telegram is connected/);
  });
  after(() => stack.disposeAsync());
  const until = (chat: number, says: RegExp) =>
    telegram.waitFor(() => telegram.messages(chat).some(({ text }) => says.test(text)), 60_000);

  test("three tasks side by side: each in a fresh conversation, their reports as one result", async () => {
    const from = model.seen.length;
    script.now = (seen) => {
      if (isChild(seen)) {
        const goal = askedFor(seen);
        return results(seen).length === 0 ? call("terminal", { command: `echo ${goal.slice(0, 5)}` }) : say(`report on ${goal}`);
      }
      const [result] = results(seen);
      if (result !== undefined) return say(`came: ${result}`);
      return call("delegate_task", { tasks: ["alpha", "beta", "gamma"].map((goal) => ({ goal, context: `about ${goal}` })) });
    };
    telegram.say(7, "my secret is zebra; do three things");
    await until(7, /came: /);
    const said = telegram.messages(7).find(({ text }) => text.includes("came: "))?.text ?? "";
    for (const goal of ["alpha", "beta", "gamma"]) assert.match(said, new RegExp(`report on ${goal}`), said);
    assert.match(said, /"tools": \{[^}]*"terminal": 1/);
    const children = model.seen.slice(from).filter(isChild);
    assert.equal(children.length, 6);
    for (const child of children) {
      assert.doesNotMatch(child.raw, /zebra/);
      const names = (child.body.tools ?? []).map((tool) => tool.function.name);
      assert.ok(
        names.includes("terminal") && !names.some((name) => /delegate|memory|clarify|send_message/.test(name)),
        names.join(),
      );
    }
  });
});
