import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { call, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome, type Running } from "./service.ts";

/** What the person has just said. */
function askedIn(seen: Seen): string {
  return String(seen.body.messages.findLast(({ role }) => role === "user")?.content ?? "");
}

function calledSince(seen: Seen): number {
  return seen.body.messages.length - 1 - seen.body.messages.findLastIndex(({ role }) => role === "user");
}

const isReview = (seen: Seen) => String(seen.body.messages[0]?.content).startsWith("You look back");

/** `save TARGET: TEXT` and `team: TEXT` become calls of the memory tool; a look back saves what was said to be noticed. */
function answer(seen: Seen) {
  const asked = askedIn(seen);
  if (calledSince(seen) > 0) return say(isReview(seen) ? "nothing" : `done: ${String(seen.body.messages.at(-1)?.content)}`);
  if (isReview(seen)) {
    const noticed = /notice (\w+)/.exec(asked.slice(asked.lastIndexOf("notice")))?.[1];
    return noticed === undefined
      ? say("nothing")
      : call("memory", { action: "add", target: "memory", content: `Noticed ${noticed}.` });
  }
  const [, target, content] = /save (memory|user): (.*)/.exec(asked) ?? [];
  if (content !== undefined) return call("memory", { action: "add", target, content });
  const team = /team: (.*)/.exec(asked)?.[1];
  if (team !== undefined) return call("memory", { action: "add", target: "memory", content: team, scope: "team" });
  return say(`heard ${/from (\S+)/.exec(asked)?.[1] ?? asked.length}`);
}

suite("memory, from the chat", () => {
  let model: ModelServer;
  let telegram: TelegramServer;
  let hermes: Running;
  const stack = new AsyncDisposableStack();
  before(async () => {
    model = stack.use(await modelServerWith({ strict: false }, answer));
    telegram = stack.use(await telegramServer());
    const home = stack.use(await freshHome());
    await writeFile(join(home.path, "config.yaml"), "memory:\n  team_writers: member\n");
    const { url, token } = telegram;
    const env = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: url };
    const memory = { HERMES_MEMORY_NUDGE_INTERVAL: "3", HERMES_MEMORY_NOTIFICATIONS: "on" };
    hermes = stack.use(await hostHermes({ home: home.path, env: { ...env, ...memory } }));
    await hermes.printed(/telegram is connected/);
  });
  after(() => stack.disposeAsync());

  const found = (chat: number, pattern: RegExp) =>
    telegram.waitFor(() => telegram.messages(chat).findLast(({ text }) => pattern.test(text)), 20_000);

  test("what is saved is told with a button, which takes back just that, once, for the right person", async () => {
    telegram.say(-700, `@${telegram.bot.username} save memory: The group meets on Mondays.`, { from: 71 });
    const notice = await found(-700, /💾 Saved: “The group meets on Mondays\.”/);
    const [button] = notice.buttons;
    assert.ok(button?.data !== undefined);
    telegram.say(72, "save memory: Likes tea.");
    const own = await found(72, /💾 Saved: “Likes tea\.”/);
    // Somebody else types what the button says: what is another's can't be taken back, nor be found out about.
    telegram.say(71, own.buttons[0]?.data ?? "");
    await found(71, /not yours to take back/);
    // Nor is it read out, or taken back, because its own person undoes something where others listen.
    telegram.say(-700, `/memory@${telegram.bot.username} undo`, { from: 72 });
    await found(-700, /nothing of yours to take back here/);
    telegram.press(-700, notice.id, button.data, { from: 73 });
    await found(-700, /undone/);
    telegram.say(-700, `${button.data}@${telegram.bot.username}`.replace(/^\/memory (.*)@(.*)$/, "/memory@$2 $1"), { from: 71 });
    await found(-700, /taken back already/);
    telegram.say(-700, `/memory@${telegram.bot.username}`, { from: 71 });
    await found(-700, /I remember nothing for this chat yet/);
    telegram.say(72, "/memory");
    assert.match((await found(72, /What I remember for you/)).text, /1\. Likes tea\./);
  });

  test("shows, forgets by number or text, brings back, exports", async () => {
    telegram.say(74, "save memory: Uses pnpm.");
    await found(74, /💾 Saved: “Uses pnpm/);
    telegram.say(74, "save user: Is called Dora.");
    await found(74, /💾 Saved: “Is called Dora/);
    telegram.say(74, "/memory forget dora");
    await found(74, /Forgotten: “Is called Dora\.”/);
    telegram.say(74, "/memory undo");
    await found(74, /I remember “Is called Dora\.” again/);
    telegram.say(74, "/memory forget 7");
    await found(74, /There is no number 7/);
    telegram.say(74, "/memory export");
    await found(74, /Here is what I remember/);
    const names = telegram.messages(74).flatMap(({ file }) => (file === undefined ? [] : [file.name]));
    assert.deepEqual(names, ["MEMORY.md", "USER.md"]);
    telegram.say(74, "/memory nonsense");
    await found(74, /^[^]*\/memory forget NUMBER/);
  });

  test("the team's memory is in everybody's next conversation; a person's own is not", async () => {
    telegram.say(75, "team: The VPN is called Rabbit.");
    await found(75, /💾 Saved for the team: “The VPN/);
    telegram.say(75, "save memory: Hates Mondays.");
    await found(75, /💾 Saved: “Hates/);
    telegram.say(76, "hello from here");
    await found(76, /heard here/);
    const prompt = String(model.seen.findLast((seen) => askedIn(seen) === "hello from here")?.body.messages[0]?.content);
    assert.match(prompt, /TEAM MEMORY[^]*The VPN is called Rabbit\./);
    assert.doesNotMatch(prompt, /Mondays/);
    telegram.say(75, "/memory team hide 1");
    await found(75, /everybody's already/);
    telegram.say(75, "/memory team undo");
    await found(75, /I no longer remember “The VPN is called Rabbit\.”/);
  });

  test("what a person lets shared chats know goes there with their words alone", async () => {
    telegram.say(77, "save user: Reads German.");
    await found(77, /💾 Saved: “Reads/);
    telegram.say(77, "save user: Has a bad knee.");
    await found(77, /💾 Saved: “Has a bad/);
    telegram.say(77, "/memory share 1");
    await found(77, /I know there from now on: “Reads German\.”/);
    for (const [words, from] of [
      ["from eight", 78],
      ["from seven", 77],
      ["again from seven-again", 77],
    ] as const) {
      telegram.say(-701, `@${telegram.bot.username} ${words}`, { from });
      await found(-701, new RegExp(`heard ${words.split(" ").at(-1)}$`));
    }
    const request = model.seen.findLast((seen) => !isReview(seen) && askedIn(seen).includes("again from"));
    const said = request?.body.messages.flatMap(({ role, content }) => (role === "user" ? [String(content)] : [])) ?? [];
    assert.match(said[1] ?? "", /from seven[^]*Reads German\./);
    assert.equal(JSON.stringify(request?.body).split("Reads German").length, 2, "once a conversation");
    assert.doesNotMatch(JSON.stringify(request?.body), /knee/);
  });

  test("a look back after every third answer saves what was worth it, and tells where it was said", async () => {
    for (const words of ["from one", "from two", "from three, notice cats"]) {
      telegram.say(79, words);
      await found(79, new RegExp(`heard ${words.split(" ")[1]}`));
    }
    const notice = await found(79, /💾 Saved: “Noticed cats\.”/);
    telegram.press(79, notice.id, notice.buttons[0]?.data ?? "");
    await found(79, /undone/);
    const review = model.seen.find((seen) => isReview(seen) && askedIn(seen).includes("notice cats"));
    assert.match(askedIn(review ?? assert.fail("no look back")), /Person: from one\n\nAgent: heard one\n\nPerson: from two/);
  });
});
