import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { call, modelServerWith, type ModelServer, say, type Seen } from "../doubles/model-server.ts";
import { slackServer, type SlackServer } from "../doubles/slack.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

/** What the request says decides how the model answers. */
function answer(seen: Seen) {
  const text = lastText(seen);
  const result = seen.body.messages.at(-1)?.role === "tool";
  if (text.includes("slowly")) return say("one two three four five six seven eight nine ten. ".repeat(8), { pieces: 60, delayMs: 60 });
  if (text.includes("drink")) {
    if (!result) return call("clarify", { question: "Tea or coffee?", choices: ["Tea", "Coffee"] });
    return say(`So: ${String(seen.body.messages.at(-1)?.content)}`);
  }
  if (text.includes("how many"))
    return say(`I know of ${seen.body.messages.filter((message) => message.role === "user").length}`);
  return say(`**echo** ${text}`);
}

interface Rig extends AsyncDisposable {
  readonly hermes: Process;
  readonly slack: SlackServer;
  readonly model: ModelServer;
  texts(channel: string, thread?: string | null): readonly string[];
}

async function open(env: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const slack = stack.use(await slackServer());
  const home = stack.use(await freshHome());
  const tokens = { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.url };
  const hermes = stack.use(
    startHermes({ mode: "start", home: home.path, env: { OPENAI_BASE_URL: model.url, ...tokens, ...env } }),
  );
  await hermes.printed(/slack is connected/);
  const texts = (channel: string, thread?: string | null) => slack.messages(channel, thread).map((message) => message.text);
  return { hermes, slack, model, texts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

suite("a team's Slack", () => {
  let rig: Rig;
  before(async () => {
    rig = await open();
  });
  after(async () => {
    assert.equal(await rig.hermes.kill("SIGTERM"), 0);
    await rig[Symbol.asyncDispose]();
  });

  test("a private message: one stream in its thread, which becomes the answer", async () => {
    const { slack } = rig;
    const root = slack.say("D1", "say it slowly");
    await slack.waitFor(() => slack.messages("D1", root).some(({ stream, text }) => stream === "open" && text.length > 20));
    assert.equal(slack.statuses.get(`D1:${root}`)?.["status"], "processing");
    const only = await slack.waitFor(() => slack.messages("D1", root).find(({ stream }) => stream === "ended"), 20_000);
    assert.equal(only.text, "one two three four five six seven eight nine ten. ".repeat(8).trim());
    assert.ok(only.appends >= 2);
    assert.equal(slack.messages("D1").length, 1);
    await slack.waitFor(() => slack.statuses.get(`D1:${root}`)?.["status"] === "active");
  });

  test("a channel: only what is meant for it, one answer for two events, in a thread, which goes on without a mention", async () => {
    const { slack } = rig;
    slack.say("C1", "just chatting");
    const root = slack.say("C1", `<@${slack.bot}> how many?`, { user: "U8" });
    await slack.waitFor(() => rig.texts("C1", root)[0] === "I know of 1");
    slack.say("C1", "how many now?", { thread: root });
    await slack.waitFor(() => rig.texts("C1", root)[1] === "I know of 2");
    slack.say("C1", "<@U9> what do you say?", { thread: root });
    const other = slack.say("C1", `how many, <@${slack.bot}>?`);
    await slack.waitFor(() => rig.texts("C1", other)[0] === "I know of 1");
    assert.equal(slack.messages("C1").length, 3);
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /\[Alice\] how many,\?/);
  });
});
