import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/failures.ts";
import { discordRig } from "./discord-rig.ts";

// Every test speaks to Discord's API and gateway over real HTTP and WebSockets.

const ann = "500000000000000011";
const minute = 60_000;

test("an event told twice is passed on under the same key; a beat that is asked for is given", async () => {
  await using rig = await discordRig({ heartbeatMs: 300 });
  const { discord, inlet } = rig;
  const keys: string[] = [];
  inlet.before = async ({ key }) => void keys.push(key);
  await rig.adapter.start(inlet);
  discord.write(ann, "hello");
  await rig.received(1);
  discord.gateway.redeliver(3);
  await discord.waitFor(() => keys.length === 2);
  assert.equal(keys[0], keys[1]);
  await discord.waitFor(() => discord.gateway.beats() >= 2);
});

for (const [name, lose] of [
  ["is cut", (gateway) => gateway.drop(0)],
  ["is closed for another try", (gateway) => gateway.drop(4_000)],
  ["is told to reconnect", (gateway) => gateway.reconnect()],
] as const satisfies readonly (readonly [
  string,
  (gateway: Awaited<ReturnType<typeof discordRig>>["discord"]["gateway"]) => void,
])[]) {
  test(`a socket that ${name}: the session goes on where it was`, async () => {
    await using rig = await discordRig();
    const { discord, inlet } = rig;
    await rig.adapter.start(inlet);
    discord.write(ann, "one");
    await rig.received(1);
    lose(discord.gateway);
    await discord.waitFor(() => discord.gateway.connected() === 0);
    discord.write(ann, "two");
    discord.write(ann, "three");
    await rig.received(3);
    assert.deepEqual(rig.texts(), ["one", "two", "three"]);
    assert.equal(discord.gateway.resumes().length, 1);
    assert.equal(discord.gateway.identifies().length, 1);
  });
}

test("a session that is no more: a new one, and what was missed is fetched, in order, before what is new", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  discord.gateway.drop(0);
  await discord.waitFor(() => discord.gateway.connected() === 0);
  discord.write(ann, "two");
  discord.say(discord.hall, `<@${discord.bot}> three`);
  discord.say(discord.hall, "chatter");
  discord.gateway.forget();
  await discord.waitFor(() => discord.gateway.identifies().length === 2);
  discord.write(ann, "four");
  await rig.received(4);
  // Order holds within a chat.
  assert.deepEqual(
    rig.texts().filter((text) => text !== "three"),
    ["one", "two", "four"],
  );
  assert.ok(rig.texts().includes("three"));
});

test("what can't be stored is told again, in order, and nothing is lost", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  inlet.refuse = 1;
  discord.write(ann, "two");
  discord.write(ann, "three");
  await rig.received(3);
  assert.deepEqual(rig.texts(), ["one", "two", "three"]);
  assert.equal(discord.gateway.identifies().length, 1);
});

test("what can't be stored again while it is told again is told once more", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  inlet.refuse = 2;
  discord.write(ann, "two");
  discord.write(ann, "three");
  await discord.waitFor(() => discord.gateway.resumes().length === 2);
  discord.write(ann, "four");
  await rig.received(4);
  assert.deepEqual(rig.texts(), ["one", "two", "three", "four"]);
  assert.equal(discord.gateway.identifies().length, 1);
});

test("after a restart: what is young is taken, what is old is named once in its chat, chatter is neither", async () => {
  await using rig = await discordRig({}, { catchUpMs: minute });
  const { discord, inlet, kept } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  // As if it had been away since yesterday.
  const [key, seen] = [...kept].find(([name]) => name.endsWith(":seen")) ?? assert.fail("nothing was written down");
  const yesterday = (BigInt(Date.now() - 86_400_000 - 1_420_070_400_000) << 22n).toString();
  kept.set(key, JSON.stringify({ ...JSON.parse(seen), newest: yesterday }));
  const told = false;
  discord.write(ann, "long ago", { told, at: Date.now() - 90 * minute });
  discord.say(discord.hall, `<@${discord.bot}> *old* too`, { told, at: Date.now() - 80 * minute, name: "Ben" });
  discord.say(discord.hall, "chatter", { told, at: Date.now() - 70 * minute });
  discord.write(ann, "just now", { told });
  await using first = again(rig);
  await first.start(inlet);
  await discord.waitFor(() => rig.texts().includes("just now"));
  await discord.waitFor(() => discord.said(discord.hall).length === 1 && discord.said(ann).length === 1);
  assert.match(discord.said(ann)[0]?.content ?? "", /too long ago[^]*- person011: long ago$/);
  assert.match(discord.said(discord.hall)[0]?.content ?? "", /- Ben: .*\\\*old\\\* too$/);
  assert.equal(rig.texts().filter((text) => text === "just now").length, 1);
  // Discord takes the same words of the same moment once, even from a second gateway.
  kept.set(key, JSON.stringify({ ...JSON.parse(seen), newest: yesterday }));
  await using second = again(rig);
  await second.start(inlet);
  discord.write(ann, "the end");
  await discord.waitFor(() => rig.texts().includes("the end"));
  assert.deepEqual([discord.said(discord.hall).length, discord.said(ann).length], [1, 1]);
});

test("where what was seen last can't be read at once, what was missed is fetched all the same", async () => {
  await using rig = await discordRig();
  const { discord, inlet, kept } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  discord.write(ann, "missed", { told: false });
  let failing = 1;
  const get = async (key: string): Promise<string | null> => {
    if (key.endsWith(":seen") && failing-- > 0) throw new Error("the database is away");
    return kept.get(key) ?? null;
  };
  await using later = again(rig, { settings: { get, set: async (key, value) => void kept.set(key, value) } });
  await later.start(inlet);
  discord.write(ann, "new");
  await rig.received(3);
  assert.deepEqual(rig.texts(), ["one", "missed", "new"]);
});

test("of many missed messages the newest are taken, and a channel that can't be read now is read later", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  const told = false;
  for (let at = 0; at < 100; at += 1) discord.say(discord.hall, "chatter", { told });
  discord.say(discord.hall, `<@${discord.bot}> the newest`, { told });
  const route = "GET /channels/:id/messages";
  discord.fault({ route, channel: discord.hall }, { kind: "refuse", status: 503, code: 0, message: "Service Unavailable" });
  await using later = again(rig);
  await later.start(inlet);
  await rig.received(2);
  assert.deepEqual(rig.texts(), ["one", "the newest"]);
});

test("more than a page is read to its end; of too many requests the newest are taken and the rest named", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  const told = false;
  const ask = (text: string) => discord.say(discord.hall, `<@${discord.bot}> ${text}`, { told });
  for (let at = 0; at < 3; at += 1) ask(`early ${at}`);
  for (let at = 0; at < 150; at += 1) discord.say(discord.hall, "chatter", { told });
  for (let at = 0; at < 99; at += 1) ask(`late ${at}`);
  await using later = again(rig);
  await later.start(inlet);
  await rig.received(1 + 100);
  assert.deepEqual(rig.texts().slice(1, 3), ["early 2", "late 0"]);
  assert.equal(rig.texts().at(-1), "late 98");
  await discord.waitFor(() => discord.said(discord.hall).length === 1);
  const lines =
    discord
      .said(discord.hall)[0]
      ?.content.split("\n")
      .filter((line) => line.startsWith("- ")) ?? [];
  assert.deepEqual(
    lines.map((line) => line.slice(-"early 0".length)),
    ["early 0", "early 1"],
  );
  assert.equal(discord.callsOf("GET /channels/:id/messages").filter(({ ids }) => ids[0] === discord.hall).length, 3);
});

test("an end before every channel was read: the next start reads the rest", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  const told = false;
  discord.say(discord.hall, `<@${discord.bot}> unread`, { told });
  discord.write(ann, "read", { told });
  const target = { route: "GET /channels/:id/messages", channel: discord.hall };
  discord.fault(target, { kind: "refuse", status: 503, code: 0, message: "Service Unavailable" });
  {
    await using dying = again(rig);
    await dying.start(inlet);
    await discord.waitFor(() => discord.calls.some(({ route, status }) => route === target.route && status === 503));
  }
  assert.deepEqual(rig.texts(), ["one", "read"]);
  await using next = again(rig);
  await next.start(inlet);
  await rig.received(3);
  assert.deepEqual(rig.texts(), ["one", "read", "unread"]);
});

test("after an outage of a server's: what was missed is taken or named, what was answered is not", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "one");
  await rig.received(1);
  await rig.adapter.close();
  await using later = again(rig, { rules: { ...rulesOf, catchUpMs: -1 } });
  await later.start(inlet);
  discord.say(discord.hall, `<@${discord.bot}> answered`);
  await rig.received(2);
  discord.gateway.dispatch("GUILD_DELETE", { id: discord.guild, unavailable: true });
  discord.say(discord.hall, `<@${discord.bot}> missed`, { told: false, name: "Ben" });
  discord.gateway.dispatch("GUILD_CREATE", discord.world.wireGuild());
  const [said] = await discord.waitFor(() => discord.said(discord.hall).length === 1 && discord.said(discord.hall));
  assert.match(said?.content ?? "", /Say it again if it still matters\.\n\n- Ben: .*missed$/);
});

test("the first start ever takes nothing from before it", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  discord.write(ann, "before its time", { told: false });
  discord.say(discord.hall, `<@${discord.bot}> too`, { told: false });
  await rig.adapter.start(inlet);
  discord.write(ann, "hello");
  await rig.received(1);
  assert.deepEqual(rig.texts(), ["hello"]);
});

test("a token that is none: the start fails and says what to set", async () => {
  await using rig = await discordRig();
  rig.discord.revoke();
  await assert.rejects(
    rig.adapter.start(rig.inlet),
    (error) => error instanceof Failure && /DISCORD_BOT_TOKEN/.test(error.advice ?? ""),
  );
});

test("a server that is not there: the start fails and says so", async () => {
  await using rig = await discordRig();
  await rig.discord.close();
  await assert.rejects(
    rig.adapter.start(rig.inlet),
    (error) => error instanceof Failure && error.code === "platform.unavailable",
  );
});

test("a token revoked while it runs: told once, answers keep, and the connection is tried from time to time", async () => {
  await using rig = await discordRig();
  const { discord, inlet, lines } = rig;
  await rig.adapter.start(inlet);
  discord.revoke();
  discord.gateway.drop(4_004);
  await discord.waitFor(() => lines.some(({ level, message }) => level === "error" && message.includes("DISCORD_BOT_TOKEN")));
  const [chunk] = rig.adapter.render("hello");
  assert.ok(chunk);
  const place = { platform: "discord", chat: discord.hall, thread: null };
  await assert.rejects(
    rig.adapter.post(place, chunk, { replyTo: null, key: "1:0" }),
    (error) => error instanceof Failure && error.code === "platform.unavailable",
  );
  const tries = () => discord.callsOf("GET /gateway/bot").filter(({ status }) => status === 401).length;
  await discord.waitFor(() => tries() === 2);
  assert.equal(lines.filter(({ level }) => level === "error").length, 1);
  discord.revoke(false);
  discord.say(discord.hall, `<@${discord.bot}> said meanwhile`);
  await discord.waitFor(() => rig.texts().includes("said meanwhile"), 20_000);
});

test("an end in the middle of coming back is an end", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.gateway.drop(0);
  await discord.waitFor(() => discord.gateway.connected() === 0);
  await rig.adapter.close();
  assert.equal(discord.gateway.resumes().length, 0);
});

test("paused, it hears nothing and still says what is to be said", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  await rig.adapter.pause();
  await discord.waitFor(() => discord.gateway.connected() === 0);
  const [chunk] = rig.adapter.render("bye");
  assert.ok(chunk);
  await rig.adapter.post({ platform: "discord", chat: discord.hall, thread: null }, chunk, { replyTo: null });
  assert.equal(discord.said(discord.hall).length, 1);
});

/** Another process with the same settings. */
function again(rig: Awaited<ReturnType<typeof discordRig>>, more: Parameters<typeof rig.make>[0] = {}) {
  const adapter = rig.make({ rules: { ...rulesOf, catchUpMs: minute }, ...more });
  return { start: adapter.start, [Symbol.asyncDispose]: () => adapter.close() };
}

const rulesOf = {
  guilds: [],
  channels: [],
  ignoredChannels: [],
  freeChannels: [],
  requireMention: true,
  autoThread: false,
  noThreadChannels: [],
  reactions: true,
};
