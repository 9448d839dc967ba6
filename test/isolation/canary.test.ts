import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { openDatabase } from "../../src/store/database.ts";
import { call, calls, type ModelServer, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { isSummary } from "../doubles/windowed.ts";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, type Process, startHermes } from "../flow/service.ts";

/** Twenty people; what each says in private has a canary of their own in it, and everything private says whose it is. */
const people = Array.from({ length: 20 }, (_, index) => 10 + index);
/** What takes long, and is the same for all, these do. */
const few = people.slice(0, 3);
/** Each sandbox is a thread of its own: those of these few are enough to look into each other's. */
const withCommands = (person: number) => (person % 5 === 0 ? "with commands" : "");
/** A group may be told only so much in a minute: these share them. */
const groups = [-910, -920, -930, -940];
/** Who plans a report to their chat and to a group. */
const planner = 13;
const groupOf = (person: number) => groups[person % groups.length] ?? 0;

const memberOf = (group: number) => people.find((person) => groupOf(person) === group) ?? 0;

/** Whose canaries are in a text. */
function canariesIn(text: string): readonly number[] {
  return [...new Set([...text.matchAll(/canary-(\d\d)/g)].map(([, person]) => Number(person)))];
}

/** In whose private words a text is. */
function tagsIn(text: string): readonly number[] {
  return [...new Set([...text.matchAll(/tag-(\d\d)/g)].map(([, person]) => Number(person)))];
}

/** The most talkative model there is: it looks for canaries wherever it can, and repeats all that it has found. */
function answer(seen: Seen) {
  const { messages } = seen.body;
  const whole = JSON.stringify(messages);
  const found = [...new Set(whole.match(/canary-\d\d-\w+/g))].join(" ");
  const system = String(messages[0]?.content);
  const last = messages.findLastIndex(({ role }) => role === "user");
  const asked = String(messages[last]?.content);
  const round = messages.length - 1 - last;
  if (isSummary(seen)) return say(`They spoke of: ${found}`);
  if (asked.startsWith("Give this conversation a title")) return say(`Of ${found}`);
  if (system.startsWith("You look back"))
    return round === 0
      ? call("memory", { action: "add", target: "memory", content: `Seen: ${found || "nothing"}.` })
      : say("nothing");
  const word = /\b(keep|look|say|delegate|plan)-(\d+)/.exec(asked)?.[0] ?? "";
  const end = say(`answer ${word}: ${found}${word === "look-2" ? ` ${filler}` : ""}`);
  const own = /canary-\d\d/.exec(asked)?.[0] ?? "";
  const shell = (command: string) => (asked.includes("commands") ? [{ name: "terminal", args: { command } }] : []);
  if (round > 0) return end;
  if (word.startsWith("keep"))
    return calls([
      { name: "memory", args: { action: "add", target: "memory", content: `Knows ${own}-note.` } },
      { name: "memory", args: { action: "add", target: "user", content: `Is ${own}-self.` } },
      ...shell(`echo ${own}-file > /workspace/note-${own}.txt`),
    ]);
  if (word.startsWith("delegate")) return call("delegate_task", { goal: "look-99 for what you can find" });
  if (word.startsWith("plan"))
    return call("cronjob", {
      action: "create",
      schedule: "in 2s",
      prompt: "look-98 for the report",
      deliver: ["origin", `telegram:${groupOf(planner)}`],
    });
  if (word.startsWith("look"))
    return calls([
      { name: "session_search", args: { query: "canary" } },
      { name: "session_search", args: { query: "" } },
      ...shell("ls -R /workspace; cat /workspace/*; grep -rh canary- /workspace /tmp /home 2>/dev/null"),
    ]);
  return end;
}

/** Little is worth shortening, so that much is looked at. */
const config = `model: {concurrency: 16}
terminal: {backend: virtual}
compression: {protect_first_n: 0, protect_last_n: 2, target_ratio: 0.05}
`;
/** Never the same line twice: repetition is cut. */
const filler = Array.from({ length: 40 }, (_, at) => `Fox ${at * 37} jumps over its lazy dog and comes back once more.`).join(
  " ",
);

// Much is said: on a busy machine that takes its time.
suite("what twenty people tell the agent in private", { timeout: 240_000 }, () => {
  let model: ModelServer;
  let telegram: TelegramServer;
  let hermes: Process;
  let home: Awaited<ReturnType<typeof freshHome>>;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  const stack = new AsyncDisposableStack();
  before(async () => {
    model = stack.use(await modelServerWith({ strict: false }, answer));
    telegram = stack.use(await telegramServer());
    home = stack.use(await freshHome("none"));
    // A server's record is a good deal faster than the embedded one, and this is a test of much.
    database = stack.use(await freshDatabase());
    const redis = stack.use(await startRedis());
    await writeFile(join(home.path, "config.yaml"), config);
    const { url, token } = telegram;
    const stores = { REDIS_URL: redis.url, DATABASE_URL: database.url };
    const env = { ...stores, OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: url };
    const jobs = { HERMES_TITLE_GENERATION: "true", HERMES_MEMORY_NUDGE_INTERVAL: "2", HERMES_MEMORY_NOTIFICATIONS: "on" };
    hermes = stack.use(startHermes({ mode: "start", home: home.path, env: { ...env, ...jobs } }));
    await hermes.printed(/telegram is connected/);
    await talk();
  });
  after(() => stack.disposeAsync());

  const heard = (chat: number, pattern: RegExp) =>
    telegram.waitFor(() => telegram.messages(chat).some(({ text }) => pattern.test(text)), 60_000);
  const each = async (say: (person: number) => void, chatOf: (person: number) => number, pattern: (person: number) => RegExp) => {
    for (const person of people) say(person);
    for (const person of people) await heard(chatOf(person), pattern(person));
  };
  const self = (person: number) => person;
  const saying = (words: string) => (person: number) =>
    void telegram.say(person, `tag-${person} ${words} ${withCommands(person)}`);

  async function inGroup(group: number): Promise<void> {
    for (const person of people.filter((each) => groupOf(each) === group)) {
      telegram.say(group, `@${telegram.bot.username} look-${person} here ${withCommands(person)}`, { from: person });
      await heard(group, new RegExp(`answer look-${person}:`));
    }
  }

  /** All of them at once, stage by stage. */
  async function talk(): Promise<void> {
    await each(
      (person) => saying(`keep-1 canary-${person}-told`)(person),
      self,
      () => /answer keep-1:/,
    );
    await each(
      (person) => telegram.say(person, "/new"),
      self,
      () => /new conversation|fresh/i,
    );
    await each(saying("look-2"), self, () => /answer look-2:/);
    // One after the other within a group: what comes in between would only steer.
    await Promise.all(groups.map(inGroup));
    await each(
      (person) => saying(few.includes(person) ? "delegate-3" : "say-3")(person),
      self,
      () => /answer (delegate|say)-3:/,
    );
    await each(
      (person) => telegram.say(person, "/compress"),
      self,
      () => /I shortened this conversation from/,
    );
    for (const person of few) telegram.say(person, "/memory");
    for (const person of few) await heard(person, /What I remember for you/);
    for (const person of few) telegram.say(person, "/sessions search canary");
    for (const person of few) await heard(person, /canary-\d\d-told|Nothing/i);
    saying("plan-5")(planner);
    await heard(planner, /Shall I save this schedule/);
    const asked = telegram.messages(planner).findLast(({ buttons }) => buttons.length > 0);
    telegram.press(planner, asked?.id ?? 0, asked?.buttons[0]?.data ?? "");
    await heard(planner, /answer plan-5:/);
    await heard(planner, /answer look-98/);
    await heard(groupOf(planner), /answer look-98/);
    for (const group of groups) telegram.say(group, `/memory@${telegram.bot.username}`, { from: 10 });
    for (const group of groups) await heard(group, /remember (nothing )?for this chat/);
    // The group's look back has saved something; all else that these could take back is their own.
    const undone = (group: number) => telegram.messages(group).filter(({ text }) => /Taken back|nothing of yours/.test(text));
    for (const times of [1, 2]) {
      for (const group of groups) telegram.say(group, `/memory@${telegram.bot.username} undo`, { from: memberOf(group) });
      await telegram.waitFor(() => groups.every((group) => undone(group).length === times), 60_000);
    }
  }

  const requests = () => model.seen.map(({ body }) => JSON.stringify(body));

  test("comes back to them: the canaries do sing", () => {
    for (const person of people) {
      const own = requests().filter((request) => tagsIn(request).includes(person));
      const later = own.filter((request) => request.includes("look-2") && request.includes(`canary-${person}-note`));
      assert.ok(later.length > 0, "their own next conversation has it");
      const file = own.some((request) => request.includes("look-2") && request.includes(`canary-${person}-file`));
      assert.equal(file, withCommands(person) !== "", "and their own sandbox");
    }
    assert.ok(model.seen.some(isSummary), "a conversation was shortened");
    assert.ok(
      requests().some((request) => request.includes("look-98 for the report") && !request.includes("plan-5")),
      "a schedule ran",
    );
    for (const kind of ["You look back", "Give this conversation a title", "You are a subagent"])
      assert.ok(
        requests().some((request) => request.includes(kind)),
        `there was a request: ${kind}`,
      );
  });

  test("is in no request to a model but their own: no prompt, search, subagent, look back, title or summary", () => {
    for (const request of requests()) {
      const known = canariesIn(request);
      assert.ok(known.length <= 1, `one request knows of ${known.join(", ")}`);
      for (const person of known) {
        assert.deepEqual(
          tagsIn(request).filter((other) => other !== person),
          [],
          "somebody else's conversation has it",
        );
        assert.ok(!request.includes("This is a shared chat"), "a shared chat has it");
      }
    }
  });

  test("is in nobody else's chat, and in no shared one", () => {
    for (const chat of [...people, ...groups]) {
      for (const { text } of telegram.messages(chat))
        assert.deepEqual(
          canariesIn(text).filter((person) => person !== chat),
          [],
          `in chat ${chat}: ${text}`,
        );
    }
  });

  test("is in no log line, and in no row of the record that is anybody else's", async () => {
    await hermes.kill("SIGTERM");
    assert.deepEqual(canariesIn(hermes.output()), []);
    const logs = join(home.path, "logs");
    for (const file of await readdir(logs)) assert.deepEqual(canariesIn(await readFile(join(logs, file), "utf8")), [], file);
    const { db, close } = await openDatabase({ url: database.url, directory: "/nowhere", log: silent });
    stack.defer(close);
    const accounts = await db
      .selectFrom("identities")
      .select(["account", "person_id"])
      .where("platform", "=", "telegram")
      .execute();
    const numberOf = new Map(accounts.map(({ account, person_id: person }) => [person, Number(account)]));
    const memories = await db.selectFrom("memories").select(["scope", "owner", "text"]).execute();
    for (const { scope, owner, text } of memories)
      for (const person of canariesIn(text)) assert.deepEqual([scope, numberOf.get(owner)], ["person", person], text);
    const changes = await db.selectFrom("memory_changes").selectAll().execute();
    for (const { scope, owner, ...change } of changes)
      for (const person of canariesIn(JSON.stringify(change))) assert.deepEqual([scope, numberOf.get(owner)], ["person", person]);
    const summaries = await db
      .selectFrom("compactions")
      .select(["person_id", "summary"])
      .where("summary", "is not", null)
      .execute();
    assert.ok(
      summaries.some(({ summary }) => canariesIn(summary ?? "").length > 0),
      "some summary has a canary",
    );
    for (const { person_id: person, summary } of summaries)
      for (const canary of canariesIn(summary ?? "")) assert.equal(numberOf.get(person ?? ""), canary);
    const titles = await db
      .selectFrom("sessions as s")
      .innerJoin("conversations as c", "c.id", "s.conversation_id")
      .select(["s.title", "c.kind", "c.chat", "c.platform"])
      .execute();
    for (const { title, kind, chat, platform } of titles)
      for (const person of canariesIn(title ?? ""))
        assert.deepEqual([kind, platform, chat], ["private", "telegram", String(person)]);
  });
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };
