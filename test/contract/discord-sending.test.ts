import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostOptions } from "../../src/core/adapter.ts";
import { Failure, type FailureCode } from "../../src/core/failures.ts";
import { buttonsOf } from "../doubles/discord.ts";
import { snowflake } from "../doubles/discord-wire.ts";
import { chatRef, discordRig } from "./discord-rig.ts";

// Every test speaks to Discord's API over real HTTP.

type Rig = Awaited<ReturnType<typeof discordRig>>;
const ann = "500000000000000011";
const posts = "POST /channels/:id/messages";
const edits = "PATCH /channels/:id/messages/:id";
const alone: PostOptions = { replyTo: null };

async function post(rig: Rig, channel: string, markdown: string, options = alone, thread: string | null = null): Promise<string> {
  const [chunk] = rig.adapter.render(markdown);
  assert.ok(chunk);
  return await rig.adapter.post(chatRef(channel, thread), chunk, options);
}

async function failure(work: Promise<unknown>, code: FailureCode): Promise<Failure> {
  const error = await work.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.code, code);
  assert.equal(error.cause, undefined);
  return error;
}

test("a message: answering, with buttons, ringing nobody; one that answers what is gone goes out without it", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const asked = discord.say(discord.hall, "hi");
  const buttons = Array.from({ length: 7 }, (_, at) => ({ label: `B${at}`, data: `pair:yes:${at}` }));
  await post(rig, discord.hall, "**Let** @everyone in?", { replyTo: asked.id, buttons });
  await post(rig, discord.hall, "gone", { replyTo: "123456789012345678" });
  const [first, second] = discord.said(discord.hall);
  assert.ok(first && second);
  assert.deepEqual([first.content, first.replyTo, second.replyTo], ["**Let** @everyone in?", asked.id, null]);
  assert.deepEqual(buttonsOf(first), buttons);
  assert.deepEqual(first.extra["allowed_mentions"], { parse: [], replied_user: false });
});

test("an edit shows the new text and drops the buttons; one of a deleted message is refused", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const id = await post(rig, discord.hall, "one", { replyTo: null, turn: "t1" });
  assert.deepEqual(buttonsOf(discord.world.message(discord.hall, id)), [{ label: "Stop", data: "stop:t1" }]);
  const [chunk] = rig.adapter.render("two");
  assert.ok(chunk);
  await rig.adapter.edit(chatRef(discord.hall), id, chunk, {});
  assert.equal(discord.said(discord.hall)[0]?.content, "two");
  assert.deepEqual(discord.said(discord.hall)[0]?.components, []);
  discord.deleteMessage(discord.hall, id);
  await failure(rig.adapter.edit(chatRef(discord.hall), id, chunk, {}), "platform.refused");
});

for (const [name, fault] of [
  ["is cut after it was taken", { kind: "reset", when: "after" }],
  ["is answered by a proxy's page", { kind: "garble", status: 502, body: "<html>" }],
  ["is answered with half a JSON text", { kind: "garble", status: 200, body: '{"id":"1', type: "application/json" }],
  ["is answered with something else", { kind: "garble", status: 200, body: "[]", type: "application/json" }],
] as const) {
  test(`a send that ${name} may have arrived; the next attempt sends nothing twice`, async () => {
    await using rig = await discordRig();
    const { discord } = rig;
    const options = { replyTo: null, key: "7:0", since: Date.now() };
    discord.fault({ route: posts }, fault);
    await failure(post(rig, discord.hall, "hello", options), "platform.unknown_outcome");
    const id = await post(rig, discord.hall, "hello", { ...options, maybeRepeated: true });
    assert.deepEqual(
      discord.said(discord.hall).map((each) => [each.id, each.content]),
      [[id, "hello"]],
    );
  });
}

test("a preview whose outcome is unknown is found again at once: none is left behind", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  discord.fault({ route: posts }, { kind: "reset", when: "after" });
  const id = await post(rig, discord.hall, "half an ans", { replyTo: null, turn: "t1" });
  assert.deepEqual(
    discord.said(discord.hall).map((each) => each.id),
    [id],
  );
});

test("a preview of a process that was killed before it had noted it is found again, and shows what there is to show now", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const first = await post(rig, discord.hall, "half", { replyTo: null, turn: "t1" });
  const again = rig.make();
  const [chunk] = again.render("half an answer");
  assert.ok(chunk);
  assert.equal(await again.post(chatRef(discord.hall), chunk, { replyTo: null, turn: "t1" }), first);
  await again.close();
  const [shown, ...others] = discord.said(discord.hall);
  assert.deepEqual([shown?.content, others], ["half an answer", []]);
  assert.notEqual(await post(rig, discord.hall, "half", { replyTo: null, turn: "t2" }), first);
});

test("a preview that is too old for another edit is taken away before the answer is sent anew; while its turn runs it stays", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const id = await post(rig, discord.hall, "half", { replyTo: null, turn: "t1" });
  // As Discord says it: a wait, of which it never tells the end.
  const words = "Maximum number of edits to messages older than 1 hour reached. Try again later.";
  discord.fault({ route: edits, times: 3 }, { kind: "refuse", status: 429, code: 30_046, message: words });
  const [chunk] = rig.adapter.render("whole");
  assert.ok(chunk);
  await failure(rig.adapter.edit(chatRef(discord.hall), id, chunk, { turn: "t1" }), "platform.refused");
  await failure(rig.adapter.edit(chatRef(discord.hall), id, chunk, { buttons: [] }), "platform.refused");
  assert.equal(discord.said(discord.hall).length, 1);
  await failure(rig.adapter.edit(chatRef(discord.hall), id, chunk, {}), "platform.refused");
  assert.deepEqual(discord.said(discord.hall), []);
});

test("an attempt older than the nonce is looked up; what can't be is sent with a remark", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  await rig.adapter.start(rig.inlet);
  const since = Date.now() - 600_000;
  const earlier = { author: discord.world.bot, content: "hello" };
  discord.world.add(discord.channel(discord.hall), { ...earlier, id: snowflake(since - 120_000) });
  const sent = discord.world.add(discord.channel(discord.hall), { ...earlier, id: snowflake(since + 60_000) });
  const old = { replyTo: null, key: "8:0", since, maybeRepeated: true };
  assert.equal(await post(rig, discord.hall, "hello", old), sent.id);
  await post(rig, discord.hall, "never arrived", { ...old, key: "9:0" });
  discord.fault(
    { route: "GET /channels/:id/messages" },
    { kind: "refuse", status: 403, code: 50_001, message: "Missing Access" },
  );
  await post(rig, discord.hall, "who knows", { ...old, key: "10:0" });
  assert.deepEqual(
    discord
      .said(discord.hall)
      .map(({ content }) => content)
      .slice(2),
    ["never arrived", "-# (may be repeated)\nwho knows"],
  );
});

test("an attempt that the history does not reach back to is sent with a remark", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  await rig.adapter.start(rig.inlet);
  for (let at = 0; at < 50; at += 1) discord.say(discord.hall, "chatter", { told: false });
  await post(rig, discord.hall, "who knows", { replyTo: null, key: "8:0", since: Date.now() - 600_000, maybeRepeated: true });
  assert.equal(discord.said(discord.hall).at(-1)?.content, "-# (may be repeated)\nwho knows");
});

test("a command's answer that a dead process has given is found, however young", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  await rig.adapter.start(rig.inlet);
  const given = discord.world.add(discord.channel(discord.hall), { author: discord.world.bot, content: "here" });
  const options = { replyTo: "interaction:123456789012345678", key: "8:0", since: Date.now() - 1_000, maybeRepeated: true };
  assert.equal(await post(rig, discord.hall, "here", options), given.id);
});

test("a wait that is asked for holds up one channel, and is told in milliseconds; nothing is sent before it is over", async () => {
  await using rig = await discordRig({ rooms: { [posts]: { limit: 2, seconds: 4 } } });
  const { discord } = rig;
  await post(rig, discord.hall, "one");
  await post(rig, discord.hall, "two");
  const told = await failure(post(rig, discord.hall, "three"), "platform.rate_limited");
  assert.ok((told.retryAfterMs ?? 0) > 0 && (told.retryAfterMs ?? 0) <= 4_500, String(told.retryAfterMs));
  await post(rig, discord.world.privateChat(ann).id, "elsewhere");
  assert.equal(discord.flooded, 0);
  discord.fault({ route: edits }, { kind: "limit", retryAfter: 2 });
  const [chunk] = rig.adapter.render("x");
  const [first] = discord.said(discord.hall);
  assert.ok(chunk && first);
  const asked = await failure(rig.adapter.edit(chatRef(discord.hall), first.id, chunk, {}), "platform.rate_limited");
  assert.ok((asked.retryAfterMs ?? 0) >= 2_000);
});

test("a thread that is gone is begun again; where it can't be, its channel is the place", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const asked = discord.say(discord.hall, "hi");
  await post(rig, discord.hall, "in a thread", { replyTo: asked.id }, asked.id);
  assert.deepEqual(
    discord.said(asked.id).map(({ content }) => content),
    ["in a thread"],
  );
  await post(rig, discord.hall, "nowhere to begin", alone, "123456789012345678");
  assert.deepEqual(
    discord.said(discord.hall).map(({ content }) => content),
    ["nowhere to begin"],
  );
  discord.channel(asked.id).locked = true;
  await post(rig, discord.hall, "locked out", { replyTo: asked.id }, asked.id);
  assert.equal(discord.said(discord.hall).at(-1)?.replyTo, asked.id);
});

test("a channel that is gone, or closed to the bot, is said once and for all", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const gone = discord.world.addChannel("gone").id;
  discord.deleteChannel(gone);
  await failure(post(rig, gone, "hello"), "platform.refused");
  discord.fault({ route: posts }, { kind: "refuse", status: 403, code: 50_013, message: "Missing Permissions" });
  const told = await failure(post(rig, discord.hall, "hello"), "platform.refused");
  assert.match(told.message, /Missing Permissions/);
});

test("files go out as they are, once; one that is too large is refused before it is sent", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  const file = { kind: "document", name: "a b.txt", size: 5, path: "a b.txt" } as const;
  const options = { replyTo: null, key: "11:0" };
  const { postFile } = rig.adapter;
  assert.ok(postFile);
  discord.fault({ route: posts }, { kind: "reset", when: "after" });
  await failure(postFile(chatRef(discord.hall), file, Buffer.from("bytes"), options), "platform.unknown_outcome");
  await postFile(chatRef(discord.hall), file, Buffer.from("bytes"), { ...options, maybeRepeated: true, since: Date.now() });
  const [sent, ...others] = discord.said(discord.hall);
  assert.deepEqual(others, []);
  assert.deepEqual(
    sent?.files.map(({ name, bytes }) => [name, bytes.toString()]),
    [["a b.txt", "bytes"]],
  );
  await postFile(chatRef(discord.hall), file, Buffer.from("bytes"), {
    replyTo: null,
    key: "12:0",
    maybeRepeated: true,
    since: Date.now() - 600_000,
  });
  assert.equal(discord.said(discord.hall)[1]?.content, "-# (may be repeated)");
  const before = discord.calls.length;
  await failure(postFile(chatRef(discord.hall), file, Buffer.alloc(11 * 1024 * 1024), options), "platform.refused");
  assert.equal(discord.calls.length, before);
});

test("however many files are under way, an answer elsewhere goes out at once", async () => {
  await using rig = await discordRig();
  const { discord, adapter } = rig;
  discord.fault({ route: posts, times: 8 }, { kind: "hang" });
  const file = { kind: "document", name: "large.bin", size: 5, path: "large.bin" } as const;
  const channels = Array.from({ length: 60 }, (_, at) => discord.world.addChannel(`c${at}`).id);
  const options = { replyTo: null, key: "13:0" };
  const uploads = channels.map((id) => adapter.postFile?.(chatRef(id), file, Buffer.from("bytes"), options));
  const over = Promise.allSettled(uploads);
  await discord.waitFor(() => discord.callsOf(posts).length === 8);
  const began = performance.now();
  await post(rig, discord.hall, "hello");
  assert.ok(performance.now() - began < 1_000, "it waited for nothing");
  await adapter.close();
  await discord.close();
  assert.ok((await over).every(({ status }) => status === "rejected"));
});

test("typing is shown once in a while; signs take one another's place", async () => {
  await using rig = await discordRig();
  const { discord } = rig;
  discord.fault({ route: "POST /channels/:id/typing" }, { kind: "refuse", status: 503, code: 0, message: "Service Unavailable" });
  await failure(rig.adapter.typing(chatRef(discord.hall)), "platform.unavailable");
  await rig.adapter.typing(chatRef(discord.hall));
  await rig.adapter.typing(chatRef(discord.hall));
  assert.equal(discord.channel(discord.hall).typings, 1);
  const asked = discord.say(discord.hall, "hi");
  await rig.adapter.mark?.(chatRef(discord.hall, asked.id), asked.id, "seen");
  assert.deepEqual(asked.reactions, ["👀"]);
  await rig.adapter.mark?.(chatRef(discord.hall, asked.id), asked.id, "failed");
  assert.deepEqual(asked.reactions, ["❌"]);
});
