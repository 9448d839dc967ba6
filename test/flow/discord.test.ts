import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { buttonsOf, discordServer, type DiscordServer } from "../doubles/discord.ts";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

/** What the request says decides how the model answers. */
function answer(seen: Seen) {
  const text = lastText(seen);
  const last = seen.body.messages.at(-1);
  if (text.includes("slowly"))
    return say("one two three four five six seven eight nine ten. ".repeat(8), { pieces: 80, delayMs: 40 });
  if (text.includes("for long")) return say("some words and others. ".repeat(40), { pieces: 200, delayMs: 100 });
  if (text.includes("which one")) {
    return last?.role === "tool"
      ? say(`so it is: ${String(last.content)}`)
      : call("clarify", { question: "Which?", choices: ["red", "blue"] });
  }
  if (text.includes("huge")) {
    const paragraphs = Array.from({ length: 150 }, (_, at) => `A paragraph of some words, number ${at}, to fill it.\n\n`);
    return say(`${paragraphs.join("")}the end`, { pieces: 20 });
  }
  return say(`**echo** ${text}`);
}

const ann = "500000000000000011";

suite("a team's Discord", () => {
  const stack = new AsyncDisposableStack();
  let discord: DiscordServer;
  let model: ModelServer;
  let hermes: Process;
  let start: () => Promise<void>;
  const texts = (place: string) => discord.said(place).map(({ content }) => content);

  before(async () => {
    model = stack.use(await modelServerWith({ strict: false }, answer));
    discord = stack.use(await discordServer());
    const home = stack.use(await freshHome());
    const env = { OPENAI_BASE_URL: model.url, DISCORD_BOT_TOKEN: discord.token, DISCORD_API_URL: discord.url };
    start = async () => {
      hermes = startHermes({ mode: "start", home: home.path, env });
      await hermes.printed(/discord is connected/);
    };
    await start();
  });
  after(async () => {
    assert.equal(await hermes.kill("SIGTERM"), 0);
    await stack.disposeAsync();
  });

  test("a private message: one message, edited while it is written, signs under the question", async () => {
    const asked = discord.write(ann, "say it slowly");
    const preview = await discord.waitFor(() => discord.said(ann)[0]);
    assert.deepEqual(
      buttonsOf(preview).map(({ label }) => label),
      ["Stop"],
    );
    await discord.waitFor(() => asked.reactions.includes("👀"));
    await discord.waitFor(() => preview.content.length > 390 && asked.reactions.join() === "✅");
    assert.equal(discord.said(ann).length, 1);
    assert.ok(preview.edits >= 1);
    assert.deepEqual(buttonsOf(preview), []);
    discord.write(ann, "again");
    await discord.waitFor(() => texts(ann)[1] === "**echo** again");
    const [post] = discord.callsOf("POST /channels/:id/messages");
    assert.deepEqual(post?.body["allowed_mentions"], { parse: [], replied_user: false });
    assert.equal(discord.flooded, 0);
  });

  test("a mention in a channel begins a thread, which goes on without mentions", async () => {
    const asked = discord.say(discord.hall, `<@${discord.bot}> first words`, { from: ann });
    const thread = await discord.waitFor(() => discord.threads(discord.hall)[0]);
    assert.deepEqual([thread.id, thread.name], [asked.id, "first words"]);
    await discord.waitFor(() => texts(thread.id).length === 1);
    assert.deepEqual(texts(discord.hall), []);
    discord.say(thread.id, "and more", { from: ann });
    await discord.waitFor(() => texts(thread.id).some((text) => text.includes("and more")));
    discord.say(discord.hall, "unasked", { from: ann });
    const other = discord.world.addChannel("other", { parent: discord.hall });
    discord.say(other.id, "chatter of others", { from: ann });
    discord.say(thread.id, "last", { from: ann });
    await discord.waitFor(() => texts(thread.id).some((text) => text.includes("last")));
    assert.deepEqual([texts(discord.hall), texts(other.id)], [[], []]);
  });

  test("the stop button of a preview ends the turn with what there was", async () => {
    const person = "500000000000000012";
    discord.write(person, "talk for long");
    const preview = await discord.waitFor(() => discord.said(person).find((each) => each.content.length > 10));
    const pressed = discord.press(preview.channel, preview.id, "Stop", person);
    await discord.waitFor(() => /some words[^]*Stopped here/.test(preview.content));
    await discord.waitFor(() => discord.interactions.get(pressed).answered === 6);
  });

  test("a question's buttons: one press answers it, and its message says who did", async () => {
    const person = "500000000000000013";
    discord.write(person, "which one?");
    const question = await discord.waitFor(() =>
      discord.said(person).find((each) => buttonsOf(each).some(({ label }) => label === "blue")),
    );
    discord.press(question.channel, question.id, "blue", person);
    await discord.waitFor(() => texts(person).some((text) => /so it is: .*blue/.test(text)));
    await discord.waitFor(() => buttonsOf(question).length === 0 && question.content.includes("person013: blue"));
  });

  test("slash commands: registered once, deferred, answered in their place; silent ones leave nothing", async () => {
    const chat = discord.world.privateChat(ann).id;
    const asked = discord.command(chat, "help", "", ann);
    const { message } = await discord.waitFor(() => {
      const found = discord.interactions.get(asked);
      return found.message && !found.message.thinking ? found : null;
    });
    assert.match(message?.content ?? "", /\/new/);
    assert.equal(discord.callsOf("PUT /applications/:id/commands").length, 1);
    assert.ok(discord.commands().some(({ name }) => name === "model"));
    const person = "500000000000000014";
    discord.write(person, "talk for long");
    const preview = await discord.waitFor(() => discord.said(person).find((each) => each.content.length > 10));
    const stop = discord.command(preview.channel, "stop", "", person);
    await discord.waitFor(() => /Stopped here/.test(preview.content));
    await discord.waitFor(() => discord.interactions.get(stop).message === null, 10_000);
  });

  test("a 429 on one chat delays only that chat; a send of unknown outcome is never doubled", async () => {
    const [first, second] = ["500000000000000015", "500000000000000016"];
    const chat = discord.world.privateChat(first).id;
    discord.fault({ route: "POST /channels/:id/messages", channel: chat }, { kind: "limit", retryAfter: 1 });
    discord.write(first, "one");
    discord.write(second, "two");
    await discord.waitFor(() => texts(second).length === 1);
    await discord.waitFor(() => texts(first).length === 1);
    for (const fault of [
      { kind: "reset", when: "after" },
      { kind: "garble", status: 502, body: "<html>" },
    ] as const) {
      const before = texts(second).length;
      discord.fault({ route: "POST /channels/:id/messages", channel: discord.world.privateChat(second).id }, fault);
      discord.write(second, `three ${fault.kind}`);
      await discord.waitFor(
        () => discord.calls.filter(({ body }) => String(body["content"]).includes(`three ${fault.kind}`)).length >= 2,
      );
      discord.write(second, `four ${fault.kind}`);
      await discord.waitFor(() => texts(second).some((text) => text.includes(`four ${fault.kind}`)));
      assert.equal(texts(second).length, before + 2, texts(second).join(" | "));
    }
  });

  test("a long answer comes whole, in order, each part once", async () => {
    discord.write(ann, "something huge");
    await discord.waitFor(() => texts(ann).at(-1)?.includes("the end"), 20_000);
    const parts = texts(ann)
      .slice(2)
      .filter((text) => text.includes("paragraph"));
    assert.ok(parts.every((text) => text.length <= 2_000));
    assert.equal(parts.join("\n").match(/A paragraph/g)?.length, 150);
    assert.equal(discord.flooded, 0);
  });

  test("a socket dropped in the middle of an answer: the session is resumed and nothing is lost or doubled", async () => {
    const person = "500000000000000017";
    discord.write(person, "say it slowly");
    await discord.waitFor(() => discord.said(person).length === 1);
    discord.gateway.drop(0);
    discord.write(person, "written meanwhile");
    await discord.waitFor(() => texts(person).some((text) => text.includes("meanwhile")), 15_000);
    assert.equal(discord.gateway.resumes().length, 1);
    assert.equal(texts(person).length, 2);
  });

  test("frames and events that make discord.js's own client throw end nothing", async () => {
    const before = discord.gateway.resumes().length + discord.gateway.identifies().length;
    for (const frame of ['{"op":0,"t":"INTERACTION_CREATE","s":9,"d":{"type":3}}', "not JSON", '{"op":9}'])
      discord.gateway.raw(frame);
    await discord.waitFor(() => discord.gateway.resumes().length + discord.gateway.identifies().length > before, 10_000);
    const person = "500000000000000019";
    discord.write(person, "still there?");
    await discord.waitFor(() => texts(person).length === 1);
  });

  test("what is written while it is away is answered after a restart, once", async () => {
    const person = "500000000000000018";
    discord.write(person, "remember me");
    await discord.waitFor(() => texts(person).length === 1);
    await hermes.kill("SIGTERM");
    discord.gateway.forget();
    discord.write(person, "while you were away");
    discord.say(discord.hall, `<@${discord.bot}> and here`, { from: person });
    await start();
    await discord.waitFor(() => texts(person).includes("**echo** while you were away"));
    const thread = await discord.waitFor(() => discord.threads(discord.hall).find(({ name }) => name === "and here"));
    await discord.waitFor(() => texts(thread.id).length === 1);
    assert.equal(texts(person).length, 2);
  });
});
