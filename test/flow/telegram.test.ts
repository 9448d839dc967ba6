import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { modelServerWith, type ModelServer, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer, type TelegramServer } from "../doubles/telegram.ts";
import { freshHome, type Process, startHermes } from "./service.ts";

const lastText = (seen: Seen) => String(seen.body.messages.findLast((message) => message.role === "user")?.content ?? "");

/** What the request says decides how the model answers. */
function answer(seen: Seen) {
  const text = lastText(seen);
  if (text.includes("slowly"))
    return say("one two three four five six seven eight nine ten. ".repeat(8), { pieces: 80, delayMs: 90 });
  if (text.includes("two messages")) return say("A paragraph of some words.\n\n".repeat(220), { pieces: 30, delayMs: 50 });
  if (text.includes("huge"))
    return say(
      `${Array.from({ length: 2_300 }, (_, at) => `A paragraph of some words, number ${at}, to fill it.\n\n`).join("")}the end`,
      { pieces: 50 },
    );
  if (text.includes("how many"))
    return say(`I know of ${seen.body.messages.filter((message) => message.role === "user").length}`);
  return say(`**echo** ${text}`);
}

interface Rig extends AsyncDisposable {
  readonly hermes: Process;
  readonly telegram: TelegramServer;
  readonly model: ModelServer;
  readonly home: string;
  texts(chat: number): readonly string[];
}

async function open(env: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const model = stack.use(await modelServerWith({ strict: false }, answer));
  const telegram = stack.use(await telegramServer());
  const home = stack.use(await freshHome());
  const own = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  const hermes = stack.use(startHermes({ mode: "start", home: home.path, env: { ...own, ...env } }));
  await hermes.printed(/telegram is connected/);
  const texts = (chat: number) => telegram.messages(chat).map((message) => message.text);
  return { hermes, telegram, model, home: home.path, texts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

suite("a team's Telegram", () => {
  let rig: Rig;
  before(async () => {
    rig = await open();
  });
  after(async () => {
    assert.equal(await rig.hermes.kill("SIGTERM"), 0);
    await rig[Symbol.asyncDispose]();
  });

  test("a private message: drafts while it is written, one final text without raw asterisks", async () => {
    rig.telegram.say(11, "say it slowly");
    await rig.telegram.waitFor(() => rig.telegram.drafts(11).length > 0);
    await rig.telegram.waitFor(() => rig.texts(11).length > 0, 20_000);
    rig.telegram.say(11, "again");
    await rig.telegram.waitFor(() => rig.texts(11).length === 2);
    assert.equal(rig.texts(11)[1], "echo again");
    const drafts = rig.telegram.calls.filter((call) => call.method === "sendMessageDraft" && call.params["chat_id"] === 11);
    assert.ok(drafts.length >= 3);
    assertApart(
      drafts.map((call) => call.at),
      1_500,
    );
  });

  test("a group: only what is meant for it, one placeholder edited at most every three seconds, one final text", async () => {
    rig.telegram.say(-21, "just chatting");
    rig.telegram.say(-21, `@${rig.telegram.bot.username} tell it slowly`, { from: { id: 5, name: "Ann" } });
    await rig.telegram.waitFor(() => rig.texts(-21).some((text) => text.length > 390), 20_000);
    const [only, ...others] = rig.telegram.messages(-21);
    assert.deepEqual(others, []);
    assert.ok((only?.edits ?? 0) >= 2);
    const previews = rig.telegram.calls.filter(
      (call) => /^(sendMessage|editMessageText)$/.test(call.method) && call.params["chat_id"] === -21,
    );
    assertApart(
      previews.slice(0, -1).map((call) => call.at),
      3_000,
    );
    assert.match(lastText(rig.model.seen.at(-1) ?? fail()), /^\[Ann\] tell it slowly$/);
  });

  test("an update delivered twice is answered once; each forum topic is a conversation of its own", async () => {
    const update = rig.telegram.say(-31, "/help@team_bot");
    rig.telegram.redeliver(update);
    rig.telegram.say(-31, "@team_bot how many?", { thread: 7 });
    rig.telegram.say(-31, "@team_bot how many?", { thread: 8 });
    await rig.telegram.waitFor(() => rig.texts(-31).filter((text) => text === "I know of 1").length === 2);
    assert.equal(rig.texts(-31).filter((text) => text.includes("/new")).length, 1);
    assert.deepEqual(new Set(rig.telegram.messages(-31).map((message) => message.thread)), new Set([7, 8, null]));
  });

  test("the stop button of a draft ends the turn with what there was", async () => {
    rig.telegram.say(41, "say it slowly");
    await rig.telegram.waitFor(() => rig.telegram.drafts(41).some((draft) => draft.canStop && draft.text.length > 10));
    rig.telegram.stopDraft(41);
    const said = await rig.telegram.waitFor(() => rig.texts(41)[0]);
    assert.match(said, /^one two[^]*Stopped here/);
  });

  test("a 429 on one chat delays only that chat, and its answer still comes once", async () => {
    rig.telegram.fault({ method: "sendMessage", chat: 51 }, { kind: "limit", retryAfter: 2 });
    rig.telegram.say(51, "first");
    rig.telegram.say(52, "second");
    await rig.telegram.waitFor(() => rig.texts(52).length === 1);
    assert.deepEqual(rig.texts(51), []);
    await rig.telegram.waitFor(() => rig.texts(51).length === 1);
    assert.deepEqual(rig.texts(51), ["echo first"]);
  });

  test("a send whose outcome is unknown is repeated with a visible note, never silently", async () => {
    rig.telegram.fault({ method: "sendMessage", chat: 61 }, { kind: "reset", when: "after" });
    rig.telegram.say(61, "hello");
    await rig.telegram.waitFor(() => rig.texts(61).length === 2);
    assert.deepEqual(rig.texts(61), ["echo hello", "(may be repeated)\necho hello"]);
  });

  test("so is a later part of an answer whose first part took a preview's place", async () => {
    rig.telegram.say(-62, `@${rig.telegram.bot.username} two messages`);
    await rig.telegram.waitFor(() => rig.texts(-62).length === 1);
    rig.telegram.fault({ method: "sendMessage", chat: -62 }, { kind: "reset", when: "after" });
    await rig.telegram.waitFor(() => rig.texts(-62).length === 3);
    assert.equal(rig.texts(-62)[2], `(may be repeated)\n${rig.texts(-62)[1]}`);
  });

  test("an answer of 100,000 characters comes whole, in order, in messages within the limit", async () => {
    rig.telegram.say(71, "something huge");
    await rig.telegram.waitFor(() => rig.texts(71).at(-1)?.includes("the end"), 30_000);
    const texts = rig.texts(71);
    assert.ok(texts.length >= 25 && texts.every((text) => text.length <= 4_096));
    assert.equal(texts.join("\n").match(/A paragraph/g)?.length, 2_300);
  });

  test("the commands are registered once", async () => {
    const menus = await rig.telegram.waitFor(() => rig.telegram.menus.size >= 4 && rig.telegram.menus);
    // For private chats and for groups, in each of two languages.
    assert.equal(rig.telegram.calls.filter((call) => call.method === "setMyCommands").length, 4);
    const listed = new Set(menus.get("all_private_chats")?.map((each) => each["command"]));
    assert.deepEqual(
      ["help", "new", "stop", "sessions"].filter((name) => !listed.has(name)),
      [],
    );
    assert.ok(!listed.has("insights"), "what is for admins is in their own menus");
  });
});

test("closed to strangers: a code, the owner by the command line, the next one by the owner's button", async () => {
  await using rig = await open({ GATEWAY_ALLOW_ALL_USERS: "false" });
  rig.telegram.say(81, "let me in");
  const told = await rig.telegram.waitFor(() => rig.texts(81)[0]);
  const code = /[2-9A-Z]{8}/.exec(told)?.[0] ?? "";
  assert.equal(rig.model.seen.length, 0, "a stranger's text reaches no model");
  const hermes = new URL("../../src/cli/hermes.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [hermes, "pairing", "approve", code], {
    env: { PATH: process.env["PATH"] ?? "", HERMES_HOME: rig.home },
  });
  assert.match(stdout, /as owner/);
  await rig.telegram.waitFor(() => rig.texts(81).length === 2);
  rig.telegram.say(81, "hello");
  await rig.telegram.waitFor(() => rig.texts(81).includes("echo hello"));

  rig.telegram.say(82, "me too", { from: { id: 82, name: "Bob *bold*" } });
  const request = await rig.telegram.waitFor(() => rig.telegram.messages(81).find((message) => message.buttons.length > 0));
  assert.match(request.text, /Bob \*bold\*/);
  // A button of the owner's, pressed by the stranger: as a forged client could.
  const from = { id: 82, is_bot: false, first_name: "Bob" };
  const message = { message_id: 2, date: 0, chat: { id: 82, type: "private", first_name: "Bob" } };
  rig.telegram.update({ callback_query: { id: "1", from, message, chat_instance: "1", data: request.buttons[0]?.data } });
  await rig.telegram.waitFor(() => rig.telegram.pending === 0);
  assert.equal(rig.texts(82).length, 1, "nobody lets himself in");
  rig.telegram.press(81, request.id, request.buttons[0]?.data ?? "");
  await rig.telegram.waitFor(() => rig.texts(82).some((text) => text.includes("You're in")));
  rig.telegram.say(82, "hello from Bob");
  await rig.telegram.waitFor(() => rig.texts(82).includes("echo hello from Bob"));
  assert.ok(rig.model.seen.every((seen) => !JSON.stringify(seen.body.messages).includes("let me in")));
});

function fail(): never {
  throw new Error("no request reached the model");
}

/** Of what is sent so far apart, each may arrive later than it was sent: on a busy machine by much, on the whole by little. */
function assertApart(times: readonly number[], leastMs: number): void {
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  assert.ok(
    gaps.every((gap) => gap > leastMs / 2) && !(mean < leastMs * 0.95),
    `${gaps.join(", ")} ms apart, at least ${leastMs} wanted`,
  );
}
