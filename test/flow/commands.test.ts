import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Running } from "./service.ts";

const team = -100_7;
/** Telegram takes one message a second for a chat: so each test has people of its own. */
let people = 80;
const somebody = () => (people += 1);

suite("commands in a chat", () => {
  const stack = new AsyncDisposableStack();
  let telegram: TelegramServer;
  let model: ModelServer;
  let hermes: Running;
  /** What a request that says `work` and a number waits for. */
  const held = new Map<string, Promise<void>>();

  /** Says what the person has said in this conversation, so that a test sees what the history holds. */
  function answer({ body }: Seen) {
    const said = body.messages.filter(({ role }) => role === "user").map(({ content }) => String(content));
    const gate = body.messages.at(-1)?.role === "user" ? held.get(said.at(-1) ?? "") : undefined;
    return gate ? { ...call("todo", {}), gate } : say(said.join(" | "));
  }

  before(async () => {
    model = stack.use(await modelServerWith({ strict: false, models: ["alpha"] }, answer));
    telegram = stack.use(await telegramServer());
    const home = stack.use(await freshHome()).path;
    await writeFile(join(home, "config.yaml"), `display:\n  tool_progress: "off"\n`);
    const env = { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, OPENAI_BASE_URL: model.url };
    hermes = stack.use(await hostHermes({ home, env }));
    await hermes.printed(/telegram is connected/);
  });
  after(() => stack.disposeAsync());

  test("help speaks the language of the client, or the one that was picked", async () => {
    const ada = somebody();
    const ben = somebody();
    assert.match(await ask(ada, "/help", "zh-hans"), /直接用你自己的话[^]*\/stop: 停止/);
    assert.match(await ask(ada, "/help"), /直接用你自己的话/, "it is remembered where an event does not tell it");
    assert.match(await ask(ada, "/stop", "zh-hans"), /这里没有正在运行的任务/);
    assert.match(await ask(ada, "/language en", "zh-hans"), /English/);
    assert.match(await ask(ada, "/help", "zh-hans"), /Write to me in your own words[^]*\/stop: Stop what/);
    assert.match(await ask(ada, "/help stop"), /\/stop/);
    assert.match(await ask(ada, "/language klingon"), /en.*zh.*auto/);
    assert.match(await ask(ada, "/language auto", "de"), /app's language/);
    assert.match(await ask(ben, "/help"), /Write to me in your own words/);
    assert.match(await ask(ben, "/language"), /^English\. /, "nobody's app has told that");
    assert.match(await ask(ben, "/language", "en-GB"), /^English \(as your app has it\)/);
  });

  test("a command's beginning is enough, in any case; one that could be several asks which", async () => {
    const ada = somebody();
    assert.match(await ask(ada, "/WHO"), /Person \d+, member/);
    assert.match(await ask(ada, "/st"), /\/start, \/status, \/steer, \/stop\./);
    assert.match(await ask(ada, "/insights"), /Only an owner or an admin/);
    assert.match(await ask(ada, "/nonsense"), /I don't know \/nonsense/);
  });

  test("a conversation is named, left, found, and taken up again where it was", async () => {
    const ada = somebody();
    await ask(ada, "/new");
    assert.equal(await ask(ada, "the first thing"), "the first thing");
    assert.match(await ask(ada, "/title  Trip to\nRome "), /is called Trip to Rome now/);
    await ask(ada, "/new");
    assert.equal(await ask(ada, "another matter"), "another matter");
    const list = await ask(ada, "/sessions");
    assert.match(list, /^1\. Trip to Rome, .* UTC, 1 request/);
    assert.match(
      await ask(ada, "/sessions search-engine"),
      /No earlier conversation has that/,
      "it is one word, not the word to search",
    );
    assert.match(await ask(ada, "/sessions all"), /Trip to Rome/);
    assert.match(await ask(ada, "/resume rome"), /go on with Trip to Rome/);
    assert.equal(await ask(ada, "and now"), "the first thing | and now");
    const found = await ask(ada, "/sessions search another");
    assert.match(found, /another matter/);
    const listed = telegram.messages(ada).at(-1);
    const [button] = listed?.buttons ?? [];
    assert.match(button?.data ?? "", /^\/resume /);
    const press = async () => {
      const seen = telegram.messages(ada).length;
      telegram.press(ada, listed?.id ?? 0, button?.data ?? "");
      await telegram.waitFor(() => telegram.messages(ada).length > seen);
      return telegram.messages(ada).at(-1)?.text ?? "";
    };
    assert.match(await press(), /go on with that conversation/);
    assert.equal(await ask(ada, "back"), "another matter | back");
    assert.match(await press(), /go on with that conversation/, "it is pressed again");
    await ask(ada, "/title 2024");
    await ask(ada, "/new");
    assert.match(await ask(ada, "/resume 2024"), /go on with 2024/, "no list has so many: it is a title");
  });

  test("nobody takes up what is not theirs: not another's private words, and in a group only that group's", async () => {
    const ada = somebody();
    const ben = somebody();
    assert.equal(await ask(ada, "/new").then(() => ask(ada, "a secret of mine")), "a secret of mine");
    const mine = await idOf(ada, "secret");
    assert.match(await ask(ben, `/resume ${mine}`), /no such conversation of yours/);
    assert.match(await ask(ben, "/sessions search secret"), /No earlier conversation/);
    assert.match(await asIn(team, ada, "/sessions search secret"), /No earlier conversation/);
    assert.match(await asIn(team, ada, `/resume ${mine}`), /no such conversation of yours/);
  });

  test("the last request is taken back, and no more than that", async () => {
    const ada = somebody();
    await ask(ada, "/new");
    await ask(ada, "one");
    await ask(ada, "two");
    assert.match(await ask(ada, "/undo"), /Taken back: two/);
    assert.equal(await ask(ada, "/retry"), "one | one", "what was taken back is not asked again");
    await ask(ada, "/undo");
    assert.equal(await ask(ada, "three"), "one | three");
    await ask(ada, "/undo");
    await ask(ada, "/undo");
    assert.match(await ask(ada, "/undo"), /nothing to take back/);
    assert.equal(await ask(ada, "afresh"), "afresh");
  });

  test("a branch is a copy that goes its own way", async () => {
    const ada = somebody();
    await ask(ada, "/new");
    await ask(ada, "root");
    await ask(ada, "/title Tree");
    assert.match(await ask(ada, "/fork Twig"), /a copy of this conversation/);
    assert.equal(await ask(ada, "left"), "root | left");
    assert.match(await ask(ada, "/undo"), /Taken back: left/);
    assert.match(await ask(ada, "/undo"), /Taken back: root/, "what was copied can be taken back in the copy");
    assert.match(await ask(ada, "/resume tree"), /go on with Tree/);
    assert.equal(await ask(ada, "right"), "root | right");
  });

  test("a side question knows what was said, and the conversation learns nothing of it", async () => {
    const ada = somebody();
    await ask(ada, "root");
    await sees(ada, "/btw and by the way", /root \| and by the way/);
    assert.equal(await ask(ada, "on"), "root | on");
  });

  test("a request can wait for its turn, and words can reach the one that runs", async () => {
    const ada = somebody();
    await ask(ada, "/new");
    const gate = Promise.withResolvers<void>();
    held.set("work 1", gate.promise);
    const before = telegram.messages(ada).length;
    telegram.say(ada, "work 1");
    await telegram.waitFor(() => model.seen.some(({ body }) => body.messages.at(-1)?.content === "work 1"));
    await sees(ada, "/undo", /working on a request/);
    await sees(ada, "/queue later", /comes next/);
    await sees(ada, "/steer meanwhile", /my next step/);
    gate.resolve();
    const answers = () =>
      telegram
        .messages(ada)
        .slice(before)
        .map(({ text }) => text);
    await telegram.waitFor(() => answers().includes("work 1 | meanwhile | later"));
    assert.ok(answers().includes("work 1 | meanwhile"));
  });

  test("a chat chooses what happens to messages while a turn runs", async () => {
    const ada = somebody();
    assert.match(await ask(ada, "/busy queue"), /wait for their turn/);
    await ask(ada, "/new");
    const gate = Promise.withResolvers<void>();
    held.set("work 2", gate.promise);
    const before = telegram.messages(ada).length;
    telegram.say(ada, "work 2");
    await telegram.waitFor(() => model.seen.some(({ body }) => body.messages.at(-1)?.content === "work 2"));
    telegram.say(ada, "also");
    // A command is routed after the message before it.
    await sees(ada, "/busy", /queue/);
    gate.resolve();
    const answers = () =>
      telegram
        .messages(ada)
        .slice(before)
        .map(({ text }) => text);
    await telegram.waitFor(() => answers().includes("work 2 | also"));
    assert.ok(answers().includes("work 2"), "it did not steer");
    await ask(ada, "/busy auto");
  });

  test("what a conversation has used, how it thinks, and what a report of a fault needs", async () => {
    const ada = somebody();
    await ask(ada, "/new");
    await ask(ada, "hello");
    assert.match(await ask(ada, "/reasoning low"), /effort low/);
    assert.match(await ask(ada, "/reasoning"), /low/);
    assert.match(await ask(ada, "/model"), /^Model: alpha at \S+$/, "that is no choice of a model");
    assert.equal(await ask(ada, "on"), "hello | on");
    await ask(ada, "/reasoning auto");
    assert.match(await ask(ada, "/usage"), /Requests: 2, model calls: 2/);
    assert.match(await ask(ada, "/timezone asia/shanghai"), /Asia\/Shanghai/);
    assert.match(await ask(ada, "/timezone Nowhere/Land"), /not a time zone/);
    assert.match(await ask(ada, "/whoami"), /Asia\/Shanghai/);
    assert.match(await ask(ada, "/version"), /^Hermes Team \d/);
    assert.match(await ask(ada, "/verbose"), /when I begin to use it/, "the one after what is configured");
    assert.match(await ask(ada, "/verbose off"), /don't show my tools/);
    assert.match(await ask(ada, "/footer on"), /end in a line/);
    assert.match(await ask(ada, "/footer auto"), /as configured/);
  });

  async function idOf(person: number, words: string): Promise<string> {
    await ask(person, "/new");
    await ask(person, `/sessions search ${words}`);
    return telegram.messages(person).at(-1)?.buttons[0]?.data.replace("/resume ", "") ?? "";
  }

  /** Sends a text and gives the last message there is once something has come. */
  async function ask(person: number, text: string, language?: string): Promise<string> {
    const seen = telegram.messages(person).length;
    telegram.say(person, text, language === undefined ? {} : { from: { id: person, language } });
    await telegram.waitFor(() => telegram.messages(person).length > seen);
    return telegram.messages(person).at(-1)?.text ?? "";
  }

  /** Sends a text and waits for an answer like this, whatever else comes. */
  async function sees(person: number, text: string, answer: RegExp): Promise<void> {
    const seen = telegram.messages(person).length;
    telegram.say(person, text);
    await telegram.waitFor(() =>
      telegram
        .messages(person)
        .slice(seen)
        .some((message) => answer.test(message.text)),
    );
  }

  async function asIn(chat: number, person: number, text: string): Promise<string> {
    const seen = telegram.messages(chat).length;
    telegram.say(chat, text, { from: person });
    await telegram.waitFor(() => telegram.messages(chat).length > seen);
    return telegram.messages(chat).at(-1)?.text ?? "";
  }
});
