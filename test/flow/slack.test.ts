import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { call, modelServerWith, type ModelServer, say, type Seen } from "../doubles/model-server.ts";
import { slackServer, type SlackServer } from "../doubles/slack.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

const slowly = "one two three four five six seven eight nine ten. ".repeat(8);

/** What the request says decides how the model answers. */
function answer(seen: Seen) {
  const text = lastText(seen);
  const result = seen.body.messages.at(-1)?.role === "tool";
  if (text.includes("slowly")) return say(slowly, { pieces: 40, delayMs: 50 });
  if (text.includes("at length")) return say(Array.from({ length: 3_000 }, (_, at) => `word${at}`).join(" "));
  if (text.includes("drink")) {
    if (!result) return call("clarify", { question: "Tea or coffee?", choices: ["Tea", "Coffee"] });
    return say(`So: ${String(seen.body.messages.at(-1)?.content)}`);
  }
  if (text.includes("give it back")) {
    const path = /saved as (inbox\/\S+\.txt)/.exec(JSON.stringify(seen.body.messages))?.[1] ?? "";
    return say(`Here it is.\n\nMEDIA:${path}`);
  }
  if (text.includes("how many"))
    return say(`I know of ${seen.body.messages.filter((message) => message.role === "user").length}`);
  return say(`**echo** ${text}`);
}

interface Rig extends AsyncDisposable {
  readonly hermes: Process;
  readonly slack: SlackServer;
  readonly model: ModelServer;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  texts(channel: string, thread?: string | null): readonly string[];
}

async function open(more: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const slack = stack.use(await slackServer());
  const home = stack.use(await freshHome());
  const tokens = { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.url };
  const env = { OPENAI_BASE_URL: model.url, ...tokens, ...more };
  const hermes = stack.use(startHermes({ mode: "start", home: home.path, env }));
  await hermes.printed(/slack is connected/);
  const texts = (channel: string, thread?: string | null) => slack.messages(channel, thread).map((message) => message.text);
  return { hermes, slack, model, home: home.path, env, texts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
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
    assert.equal(only.text, slowly.trim());
    assert.ok(only.appends >= 1);
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

  test("a question has buttons; the one who asked answers, and it shows who chose what", async () => {
    const { slack } = rig;
    const root = slack.say("D2", "a drink please");
    const asked = await slack.waitFor(() => slack.messages("D2", root).find(({ buttons }) => buttons.length > 0));
    assert.match(asked.text, /Tea or coffee\?/);
    await slack.waitFor(() => slack.statuses.get(`D2:${root}`)?.["status"] === "suspended");
    slack.press("D2", asked.ts, "Coffee", "U8");
    slack.press("D2", asked.ts, "Coffee");
    await slack.waitFor(() => rig.texts("D2", root).some((text) => /^So: .*: Coffee$/.test(text)));
    const shown = await slack.waitFor(() =>
      slack.messages("D2", root).find(({ ts, buttons }) => ts === asked.ts && buttons.length === 0),
    );
    assert.match(shown.text, /Alice: Coffee/);
  });

  test("Slack's own stop button, and !stop in a thread, end the turn with what there was", async () => {
    const { slack } = rig;
    const running = (channel: string, root: string) =>
      slack.waitFor(() => slack.messages(channel, root).find(({ stream, text }) => stream === "open" && text.length > 20));
    const root = slack.say("D3", "say it slowly");
    await running("D3", root);
    slack.stop("D3", root);
    await slack.waitFor(() => /^one two[^]*Stopped here/.test(rig.texts("D3", root)[0] ?? ""));
    const other = slack.say("C3", `<@${slack.bot}> say it slowly`);
    await running("C3", other);
    slack.say("C3", `<@${slack.bot}> !stop`, { thread: other });
    await slack.waitFor(() => rig.texts("C3", other).some((text) => /^one two[^]*Stopped here/.test(text)));
  });

  test("slash commands are about the thread last spoken in, and answered where only their sender sees it", async () => {
    const { slack } = rig;
    const root = slack.say("D4", "how many?");
    await slack.waitFor(() => rig.texts("D4", root)[0] === "I know of 1");
    const began = Date.now();
    const envelope = slack.slash("D4", "/hermes", "new");
    await slack.waitFor(() => slack.responses.some(({ channel }) => channel === "D4"));
    assert.ok((await slack.waitFor(() => envelope.ackedAt)) - began < 3_000);
    slack.say("D4", "how many?", { thread: root });
    await slack.waitFor(() => rig.texts("D4", root)[1] === "I know of 1");
    slack.slash("C4", "/hermes", "help");
    await slack.waitFor(() =>
      slack.responses.some(({ channel, body }) => channel === "C4" && /\/new/.test(JSON.stringify(body))),
    );
    slack.slash("C4", "/hermes", "tell me at length");
    await slack.waitFor(() => slack.responses.filter(({ channel }) => channel === "C4").length === 3);
    assert.deepEqual(slack.messages("C4"), []);
  });

  test("told twice, answered once; what a cut socket has kept is answered", async () => {
    const { slack } = rig;
    const root = slack.say("D5", "hello");
    slack.events.redeliver(slack.events.envelopes.at(-1) ?? assert.fail());
    slack.dropSockets();
    const late = slack.say("D5", "late");
    await slack.waitFor(() => rig.texts("D5", late)[0] === "**echo** late");
    await slack.waitFor(() => rig.texts("D5", root)[0] === "**echo** hello");
    assert.equal(slack.messages("D5").length, 2);
  });

  test("a socket that drops in the middle of a stream harms no answer", async () => {
    const { slack } = rig;
    const root = slack.say("D6", "say it slowly");
    await slack.waitFor(() => slack.messages("D6", root).some(({ stream }) => stream === "open"));
    slack.dropSockets();
    slack.expireStreams();
    await slack.waitFor(() => rig.texts("D6", root)[0] === slowly.trim(), 20_000);
    assert.equal(slack.messages("D6").length, 1);
  });

  test("a 429 on one channel delays only that channel, and its answer still comes once", async () => {
    const { slack } = rig;
    for (const method of ["chat.postMessage", "chat.stopStream"])
      slack.fault({ method, channel: "D7" }, { kind: "limit", retryAfter: 2 });
    const one = slack.say("D7", "first");
    const two = slack.say("D8", "second");
    await slack.waitFor(() => rig.texts("D8", two)[0] === "**echo** second");
    await slack.waitFor(() =>
      slack.messages("D7", one).some(({ text, stream }) => text === "**echo** first" && stream !== "open"),
    );
    assert.equal(slack.messages("D7").length, 1);
  });

  test("a send whose outcome is unknown is found again, not repeated", async () => {
    const { slack } = rig;
    const faults = ["chat.postMessage", "chat.stopStream", "chat.startStream"];
    for (const method of faults) slack.fault({ method, channel: "D9" }, { kind: "reset", when: "after" });
    const root = slack.say("D9", "hello");
    const settled = () => slack.messages("D9", root).some(({ text, stream }) => text === "**echo** hello" && stream !== "open");
    await slack.waitFor(settled);
    slack.clearFaults();
    slack.say("D9", "again", { thread: root });
    await slack.waitFor(() => rig.texts("D9", root).includes("**echo** again"));
    assert.deepEqual(rig.texts("D9", root), ["**echo** hello", "**echo** again"]);
  });

  test("told in the wrong order, all is answered, each once", async () => {
    const { slack } = rig;
    slack.events.hold();
    const roots = ["one", "two", "three"].map((text) => slack.say("D12", text));
    slack.events.release("reversed");
    for (const [at, text] of ["one", "two", "three"].entries())
      await slack.waitFor(() => rig.texts("D12", roots[at])[0] === `**echo** ${text}`);
    assert.equal(slack.messages("D12").length, 3);
  });

  test("files come in, are read, and go out", async () => {
    const { slack } = rig;
    const bytes = Buffer.from("the code word is heron");
    slack.uploads.set("F1", { name: "note.txt", bytes });
    const file = {
      id: "F1",
      name: "note.txt",
      mimetype: "text/plain",
      size: bytes.length,
      url_private: `${slack.origin}/files/F1/note.txt`,
    };
    const root = slack.say("D13", "what does it say?", { extra: { subtype: "file_share", files: [file] } });
    await slack.waitFor(() => rig.texts("D13", root)[0] !== undefined);
    assert.match(JSON.stringify(rig.model.seen.at(-1)?.body.messages), /code word is heron/);
    slack.say("D13", "give it back", { thread: root });
    const sent = await slack.waitFor(() => slack.messages("D13", root).flatMap(({ files }) => files)[0]);
    assert.deepEqual(slack.uploads.get(sent.id)?.bytes, bytes);
  });

  test("a deleted channel ends nothing but its own answer", async () => {
    const { slack } = rig;
    slack.channel("D10", { deleted: true });
    slack.say("D10", "hello");
    await slack.waitFor(() =>
      slack.calls.some(
        ({ method, params, result }) =>
          /post|start/.test(method) && params["channel"] === "D10" && result === "channel_not_found",
      ),
    );
    const root = slack.say("D11", "hello");
    await slack.waitFor(() => rig.texts("D11", root)[0] === "**echo** hello");
  });
});

test("closed to strangers but for those listed; killed in the middle of a stream and started again: one answer, in the same message", async () => {
  await using rig = await open({ GATEWAY_ALLOW_ALL_USERS: "false", SLACK_ALLOWED_USERS: "U7" });
  const { slack } = rig;
  const stranger = slack.say("D2", "let me in", { user: "U8" });
  await slack.waitFor(() => /pairing code/.test(rig.texts("D2", stranger)[0] ?? ""));
  assert.equal(rig.model.seen.length, 0);
  const root = slack.say("D1", "say it slowly");
  await slack.waitFor(() => slack.messages("D1", root).some(({ stream }) => stream === "open"));
  await rig.hermes.kill("SIGKILL");
  await using again = startHermes({ mode: "start", home: rig.home, env: rig.env });
  await again.printed(/slack is connected/);
  await slack.waitFor(
    () => slack.messages("D1", root).some(({ text, stream }) => text === slowly.trim() && stream === "ended"),
    30_000,
  );
  assert.equal(slack.messages("D1").length, 1);
});
