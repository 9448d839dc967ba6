import assert from "node:assert/strict";
import { test } from "node:test";
import { discordRig } from "./discord-rig.ts";

// Every test speaks to Discord's API and gateway over real HTTP and WebSockets.

const ann = "500000000000000011";

test("private messages, mentions and replies are meant for it; chatter, bots and its own are not", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.write(ann, "hello");
  discord.say(discord.hall, "just chatting");
  discord.say(discord.hall, `<@${discord.bot}>, what about <@${ann}>?`, { name: "Ben" });
  discord.say(discord.hall, `hey <@&800000000000000001> you`);
  discord.say(discord.hall, `<@${discord.bot}> beep`, { bot: true });
  const own = discord.world.add(discord.channel(discord.hall), { author: discord.world.bot, content: "mine" });
  discord.say(discord.hall, "and this?", { replyTo: own.id });
  await rig.received(4);
  assert.deepEqual(rig.texts(), ["hello", "what about @person011?", "hey you", "and this?"]);
  const [first, second] = inlet.received;
  assert.equal(first?.kind, "private");
  assert.deepEqual([second?.kind, second?.sender.name, second?.chat.chat], ["shared", "Ben", discord.hall]);
});

test("a message that is full may go on in the next", async () => {
  await using rig = await discordRig();
  await rig.adapter.start(rig.inlet);
  rig.discord.write(ann, "a".repeat(1_990));
  await rig.received(1);
  rig.discord.write(ann, "and the end");
  const [full, end] = await rig.received(2);
  assert.deepEqual(full?.type === "message" && full.part, { of: "paste", quietMs: 600 });
  assert.equal(end?.type === "message" && end.part, undefined);
});

test("a thread is part of its channel; unaddressed words in it go on only where nobody else is spoken to", async () => {
  await using rig = await discordRig({}, { autoThread: true });
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  const begun = discord.say(discord.hall, `<@${discord.bot}> plan the week`);
  await discord.waitFor(() => discord.threads(discord.hall).length === 1);
  discord.say(begun.id, "go on");
  discord.say(begun.id, `<@${ann}> what do you think?`);
  discord.say(begun.id, `<@${discord.bot}> and you?`);
  const [first, second, third] = await rig.received(3);
  assert.deepEqual(rig.texts(), ["plan the week", "go on", "and you?"]);
  for (const each of [first, second, third])
    assert.deepEqual(each?.chat, { platform: "discord", chat: discord.hall, thread: begun.id });
  assert.ok(second?.type === "message" && !second.addressed && second.continues === true);
  assert.ok(third?.type === "message" && third.addressed);
});

test("a thread that Discord never told of is asked for once", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  const thread = discord.world.addChannel("late", { parent: discord.hall });
  discord.say(thread.id, `<@${discord.bot}> one`);
  discord.say(thread.id, `<@${discord.bot}> two`);
  const [one] = await rig.received(2);
  assert.deepEqual([one?.chat.chat, one?.chat.thread], [discord.hall, thread.id]);
  assert.equal(discord.callsOf("GET /channels/:id").length, 1);
});

test("only the guilds and channels that are allowed, with their threads; free ones need no mention", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const [quiet, free] = [discord.world.addChannel("quiet").id, discord.world.addChannel("free").id];
  const rules = { guilds: [discord.guild], channels: [], ignoredChannels: [quiet], freeChannels: [free], requireMention: true };
  await using picky = rigOf(rig, { ...rules, autoThread: true, noThreadChannels: [], reactions: true, catchUpMs: 0 });
  await picky.adapter.start(rig.inlet);
  const thread = discord.world.addChannel("quiet thread", { parent: quiet });
  discord.say(quiet, `<@${discord.bot}> not here`);
  discord.say(thread.id, `<@${discord.bot}> nor here`);
  discord.say(free, "no mention needed");
  discord.say(free, `<@${ann}> lunch?`);
  discord.write(ann, "private");
  await rig.received(2);
  assert.deepEqual(rig.texts(), ["no mention needed", "private"]);
  assert.deepEqual(discord.threads(free), []);
});

test("a thread of an ignored channel stays ignored while Discord does not say what it is part of", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const quiet = discord.world.addChannel("quiet").id;
  const rules = { guilds: [], channels: [], ignoredChannels: [quiet], freeChannels: [], requireMention: true };
  await using picky = rigOf(rig, { ...rules, autoThread: false, noThreadChannels: [], reactions: true, catchUpMs: 0 });
  await picky.adapter.start(rig.inlet);
  const thread = discord.world.addChannel("late", { parent: quiet });
  discord.fault({ route: "GET /channels/:id" }, { kind: "refuse", status: 503, code: 0, message: "Service Unavailable" });
  discord.say(thread.id, `<@${discord.bot}> not here`);
  discord.write(ann, "private");
  await rig.received(1);
  assert.deepEqual(rig.texts(), ["private"]);
  assert.equal(discord.callsOf("GET /channels/:id").length, 2);
});

test("files, stickers and what is forwarded come along", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  const url = discord.host(Buffer.from("pixels"), "image/png");
  const attachments = [
    { id: "1", filename: "a.png", size: 6, url, content_type: "image/png" },
    {
      id: "2",
      filename: "voice-message.ogg",
      size: 9,
      url: "https://evil.example/x",
      content_type: "audio/ogg",
      waveform: "AA==",
    },
  ];
  discord.write(ann, "", { extra: { attachments } });
  const message_snapshots = [{ message: { content: "said elsewhere", attachments: [] } }];
  discord.write(ann, "look", { extra: { message_snapshots, sticker_items: [{ id: "1", name: "wave", format_type: 1 }] } });
  const [files, forward] = await rig.received(2);
  assert.ok(files?.type === "message" && files.files?.length === 2);
  assert.deepEqual(
    files.files.map(({ kind, name, size }) => [kind, name, size]),
    [
      ["picture", "a.png", 6],
      ["voice", "voice-message.ogg", 9],
    ],
  );
  const [picture, foreign] = files.files;
  const { signal } = new AbortController();
  assert.ok(picture && foreign && rig.adapter.fetchFile);
  assert.equal(Buffer.from(await rig.adapter.fetchFile(picture, 100, signal)).toString(), "pixels");
  await assert.rejects(rig.adapter.fetchFile(picture, 3, signal), /larger than/);
  await assert.rejects(rig.adapter.fetchFile(foreign, 100, signal), /no address of its own/);
  assert.ok(forward?.type === "message");
  assert.equal(forward.text, 'look\n\n[forwarded]\nsaid elsewhere\n\n[sent a sticker named "wave"]');
});

test("without the message content intent it asks for none, and hears what is meant for it", async () => {
  await using rig = await discordRig({ messageContent: false });
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.say(discord.hall, "chatter");
  discord.say(discord.hall, `<@${discord.bot}> hi`);
  discord.write(ann, "hello");
  await rig.received(2);
  assert.deepEqual(rig.texts(), ["hi", "hello"]);
  assert.equal(Number(discord.gateway.identifies()[0]?.["intents"]) & (1 << 15), 0);
});

test("what makes no sense is skipped, and what comes after it is heard", async () => {
  await using rig = await discordRig();
  const { discord, inlet } = rig;
  await rig.adapter.start(inlet);
  discord.gateway.dispatch("MESSAGE_CREATE", { id: "1", content: 5 });
  discord.gateway.dispatch("INTERACTION_CREATE", { id: "x", type: 3 });
  discord.gateway.dispatch("GUILD_CREATE", { id: 7 });
  discord.gateway.dispatch("NOBODY_KNOWS", {});
  discord.gateway.raw("not JSON");
  discord.gateway.raw("[]");
  discord.write(ann, "still there?");
  await rig.received(1);
  assert.deepEqual(rig.texts(), ["still there?"]);
});

/** A second adapter on the same double, with other rules. */
function rigOf(rig: Awaited<ReturnType<typeof discordRig>>, rules: NonNullable<Parameters<typeof rig.make>[0]>["rules"]) {
  const adapter = rig.make(rules === undefined ? {} : { rules });
  return { adapter, [Symbol.asyncDispose]: () => adapter.close() };
}
