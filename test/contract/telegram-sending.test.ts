import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostOptions } from "../../src/core/adapter.ts";
import { Failure, type FailureCode } from "../../src/core/failures.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { chatRef, telegramRig } from "./telegram-rig.ts";

// Every test speaks to a Bot API server over real HTTP.

type Rig = Awaited<ReturnType<typeof telegramRig>>;

const group = -100_500;
const alone: PostOptions = { replyTo: null };

/** A rig whose chats exist: Telegram lets a bot write only where it has been written to. */
async function openRig(...options: Parameters<typeof telegramRig>): Promise<Rig> {
  const rig = await telegramRig(...options);
  rig.tg.say(7, "hi");
  rig.tg.say(group, "hi", { thread: 5 });
  return rig;
}

async function post(rig: Rig, chat: number, markdown: string, options = alone, thread: number | null = null): Promise<number> {
  const [chunk] = rig.adapter.render(markdown);
  assert.ok(chunk);
  return Number(await rig.adapter.post(chatRef(chat, thread), chunk, options));
}

async function edit(rig: Rig, chat: number, message: number, markdown: string): Promise<void> {
  const [chunk] = rig.adapter.render(markdown);
  assert.ok(chunk);
  await rig.adapter.edit(chatRef(chat), String(message), chunk, {});
}

async function draft(rig: Rig, chat: number, turn: string, markdown: string): Promise<void> {
  const [chunk] = rig.adapter.render(markdown);
  assert.ok(chunk);
  await rig.adapter.draft(chatRef(chat), turn, chunk);
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

test("a message: formatted, answering, in its topic, without link previews, with buttons", async () => {
  await using rig = await openRig();
  const id = await post(
    rig,
    group,
    "**Let** [her](https://a.b) in?",
    { replyTo: "1", buttons: [{ label: "Yes", data: "pair:yes:A" }] },
    5,
  );
  const [stored] = rig.tg.messages(group);
  assert.ok(stored);
  assert.deepEqual([stored.id, stored.text, stored.replyTo, stored.thread], [id, "Let her in?", 1, 5]);
  assert.deepEqual(
    stored.entities.map(({ type }) => type),
    ["bold", "text_link"],
  );
  assert.deepEqual(stored.buttons, [{ label: "Yes", data: "pair:yes:A" }]);
  assert.deepEqual(rig.callsOf("sendMessage")[0]?.params["link_preview_options"], { is_disabled: true });
});

test("every chunk of a long answer is taken as it is", async () => {
  await using rig = await openRig();
  const markdown = `# Long\n\n${"A **bold** `word` and [more](https://a.b).\n\n> said\n\n".repeat(200)}\n\`\`\`ts\n${"let a = 1;\n".repeat(900)}\`\`\``;
  const chunks = rig.adapter.render(markdown);
  for (const chunk of chunks) await rig.adapter.post(chatRef(7), chunk, alone);
  assert.ok(chunks.length > 4);
  // No refusal on the way: each was sent once.
  assert.equal(rig.callsOf("sendMessage").length, chunks.length);
});

test("a reply to a deleted message goes out without it", async () => {
  await using rig = await openRig();
  await post(rig, group, "hello", { replyTo: "999" });
  await post(rig, 7, "hello", { replyTo: "999", maybeRepeated: true });
  assert.deepEqual(
    [...rig.tg.messages(group), ...rig.tg.messages(7)].map(({ replyTo }) => replyTo),
    [null, null],
  );
});

test("an edit shows the new text; one that changes nothing succeeds; one of a deleted message is refused", async () => {
  await using rig = await openRig();
  const id = await post(rig, 7, "one");
  await edit(rig, 7, id, "two **bold**");
  await edit(rig, 7, id, "two **bold**");
  assert.deepEqual(
    rig.tg.messages(7).map(({ text, edits }) => [text, edits]),
    [["two bold", 1]],
  );
  await failure(edit(rig, 7, id + 1, "three"), "platform.refused");
});

test("a possible repetition says so, answers the same message, and keeps its formatting in place", async () => {
  await using rig = await openRig();
  await post(rig, 7, "the **answer**", { replyTo: "1", maybeRepeated: true });
  const [stored] = rig.tg.messages(7);
  assert.ok(stored);
  assert.equal(stored.text, "(may be repeated)\nthe answer");
  assert.equal(stored.replyTo, 1);
  const [bold] = stored.entities;
  assert.equal(stored.text.slice(bold?.offset, (bold?.offset ?? 0) + (bold?.length ?? 0)), "answer");
});

test("the longest chunk has room for the remark", async () => {
  await using rig = await openRig();
  await post(rig, 7, "x".repeat(9_000), { replyTo: null, maybeRepeated: true });
  assert.ok((rig.tg.messages(7)[0]?.text.length ?? 0) <= 4_096);
});

test("429 tells how long to wait, and concerns its chat only, which is left alone until then", async (t) => {
  await using rig = await openRig();
  const clock = { aheadMs: 0 };
  const now = performance.now.bind(performance);
  t.mock.method(performance, "now", () => now() + clock.aheadMs);
  rig.tg.fault({ chat: 7 }, { kind: "limit", retryAfter: 17 });
  assert.equal((await failure(post(rig, 7, "a"), "platform.rate_limited")).retryAfterMs, 17_000);
  for (const again of [
    () => draft(rig, 7, "t", "a"),
    () => edit(rig, 7, 1, "a"),
    () => post(rig, 7, "a"),
    () => rig.adapter.typing(chatRef(7)),
  ]) {
    const { retryAfterMs } = await failure(again(), "platform.rate_limited");
    assert.ok(retryAfterMs !== null && retryAfterMs > 10_000 && retryAfterMs <= 17_000);
  }
  await post(rig, group, "b");
  // Nothing was tried behind our back.
  assert.deepEqual(
    rig.tg.calls.map(({ method }) => method),
    ["sendMessage", "sendMessage"],
  );
  clock.aheadMs = 17_000;
  await post(rig, 7, "c");
  assert.equal(rig.tg.messages(7).at(-1)?.text, "c");
  assert.equal(rig.adapter.live(chatRef(7)).kind, "draft");
});

for (const [name, fault, stored] of [
  ["cut off before it was taken", { kind: "reset", when: "before" }, 0],
  ["cut off after it was taken", { kind: "reset", when: "after" }, 1],
  ["a server error", { kind: "refuse", code: 500, description: "Internal Server Error" }, 0],
  ["a proxy's page", { kind: "garble", status: 502, body: "<html>Bad Gateway</html>" }, 1],
] as const) {
  test(`${name}: a post's outcome is unknown and it is not sent again; an edit may be repeated`, async () => {
    await using rig = await openRig();
    rig.tg.fault({ method: "sendMessage" }, fault);
    await failure(post(rig, 7, "a"), "platform.unknown_outcome");
    assert.equal(rig.tg.messages(7).length, stored);
    assert.equal(rig.callsOf("sendMessage").length, 1);
    const id = await post(rig, 7, "b");
    rig.tg.fault({ method: "editMessageText" }, fault);
    await failure(edit(rig, 7, id, "c"), "platform.unavailable");
    await edit(rig, 7, id, "c");
    assert.equal(rig.tg.messages(7).at(-1)?.text, "c");
  });
}

test("no server: surely not sent", async () => {
  await using rig = await openRig();
  const gone = await telegramServer();
  await gone.close();
  const adapter = rig.make({ apiRoot: gone.url });
  const [chunk] = adapter.render("a");
  assert.ok(chunk);
  await failure(adapter.post(chatRef(7), chunk, alone), "platform.unavailable");
  await adapter.close();
  const nowhere = rig.make({ apiRoot: "http://no-such-host.invalid" });
  await failure(nowhere.post(chatRef(7), chunk, alone), "platform.unavailable");
  await nowhere.close();
});

test("a chat that is gone or closed to us is refused with the reason", async () => {
  await using rig = await openRig();
  rig.tg.chat(404, { unknown: true });
  assert.match((await failure(post(rig, 404, "a"), "platform.refused")).message, /chat not found/);
  rig.tg.chat(7, { blocked: true });
  assert.match((await failure(post(rig, 7, "a"), "platform.refused")).message, /blocked by the user/);
  await failure(rig.adapter.typing(chatRef(7)), "platform.refused");
});

test("a token revoked while we run keeps answers for later", async () => {
  await using rig = await openRig();
  const fault = { kind: "refuse", code: 401, description: "Unauthorized" } as const;
  rig.tg.fault({ method: "sendMessage" }, fault);
  const { advice } = await failure(post(rig, 7, "a"), "platform.unavailable");
  assert.match(advice ?? "", /TELEGRAM_BOT_TOKEN/);
});

test("a deleted topic: the answer goes to the chat itself, once", async () => {
  await using rig = await openRig();
  rig.tg.chat(group, { deletedThreads: [5] });
  await post(rig, group, "a", alone, 5);
  assert.deepEqual(
    rig.tg.messages(group).map(({ text, thread }) => [text, thread]),
    [["a", null]],
  );
});

test("formatting that Telegram refuses: the answer goes out plain, once", async () => {
  await using rig = await openRig();
  const fault = { kind: "refuse", code: 400, description: "Bad Request: can't parse entities: whatever" } as const;
  rig.tg.fault({ method: "sendMessage" }, fault);
  const id = await post(rig, 7, "**a**");
  rig.tg.fault({ method: "editMessageText" }, fault);
  await edit(rig, 7, id, "**b**");
  assert.deepEqual(
    rig.tg.messages(7).map(({ text, entities }) => [text, entities.length]),
    [["b", 0]],
  );
});

test("a group that became a supergroup is followed, and said so, until that is stored", async () => {
  const moves: string[] = [];
  const moved = async (from: string, to: string) => {
    if (moves.push(`${from} ${to}`) === 1) throw new Error("the record is down");
  };
  await using rig = await openRig({}, { moved });
  rig.tg.chat(group, { migratedTo: -100_777 });
  for (const words of ["a", "b", "c"]) await post(rig, group, words);
  assert.deepEqual(
    rig.tg.messages(-100_777).map(({ text }) => text),
    ["a", "b", "c"],
  );
  assert.equal(rig.callsOf("sendMessage").length, 5);
  assert.deepEqual(moves, Array(2).fill("-100500 -100777"));
  assert.deepEqual(
    rig.lines.map(({ level, fields }) => [level, fields["to"]]),
    Array(3).fill(["warn", "-100777"]),
  );
});

test("drafts: one id a turn in every process, with a stop button; the message takes their place", async () => {
  await using rig = await openRig();
  assert.deepEqual(rig.adapter.live(chatRef(7)), { kind: "draft", everyMs: 1_500 });
  assert.deepEqual(rig.adapter.live(chatRef(group)), { kind: "edit", everyMs: 4_000 });
  await draft(rig, 7, "turn-1", "so **far");
  const other = rig.make();
  const [chunk] = other.render("so far so good");
  assert.ok(chunk);
  await other.draft(chatRef(7), "turn-1", chunk);
  await draft(rig, 7, "turn-2", "another");
  const shown = rig.tg.drafts(7).map(({ text, canStop, updates }) => ({ text, canStop, updates }));
  assert.deepEqual(shown, [
    { text: "so far so good", canStop: true, updates: 2 },
    { text: "another", canStop: true, updates: 1 },
  ]);
  await post(rig, 7, "done");
  assert.deepEqual(rig.tg.drafts(7), []);
  await other.close();
});

test("a chat that takes no drafts is shown edits from then on; others keep theirs", async () => {
  await using rig = await openRig();
  rig.tg.say(8, "hi");
  rig.tg.fault(
    { method: "sendMessageDraft", chat: 7 },
    { kind: "refuse", code: 400, description: "Bad Request: DRAFT_NOT_ALLOWED" },
  );
  await failure(draft(rig, 7, "t", "a"), "platform.refused");
  assert.deepEqual(rig.adapter.live(chatRef(7)), { kind: "edit", everyMs: 1_500 });
  assert.equal(rig.adapter.live(chatRef(8)).kind, "draft");
});

test("a server that knows no drafts is not asked again in any chat", async () => {
  await using rig = await openRig({ drafts: false });
  await failure(draft(rig, 7, "t", "a"), "platform.refused");
  assert.equal(rig.adapter.live(chatRef(8)).kind, "edit");
});

test("a draft lost on the way changes nothing", async () => {
  await using rig = await openRig();
  rig.tg.fault({ method: "sendMessageDraft" }, { kind: "reset", when: "before" });
  await failure(draft(rig, 7, "t", "a"), "platform.unavailable");
  assert.equal(rig.adapter.live(chatRef(7)).kind, "draft");
});

test("typing is shown in the chat and its topic", async () => {
  await using rig = await openRig();
  await rig.adapter.typing(chatRef(group, 5));
  assert.deepEqual(
    rig.callsOf("sendChatAction").map(({ params }) => params),
    [{ chat_id: group, message_thread_id: 5, action: "typing" }],
  );
});

test("closed: a send under way ends at once, with an unknown outcome", async () => {
  await using rig = await openRig();
  rig.tg.fault({ method: "sendMessage" }, { kind: "hang" });
  const sending = failure(post(rig, 7, "a"), "platform.unknown_outcome");
  await rig.tg.waitFor(() => rig.callsOf("sendMessage").length === 1);
  const started = performance.now();
  await rig.adapter.close();
  await sending;
  assert.ok(performance.now() - started < 5_000);
});

test("the double enforces the limits it claims: edits too close, texts too long, formatting out of range", async () => {
  await using rig = await openRig({ limits: { privateMs: 1_400, groupMs: 2_900 } });
  const id = await post(rig, group, "a");
  await edit(rig, group, id, "b");
  assert.equal((await failure(edit(rig, group, id, "c"), "platform.rate_limited")).retryAfterMs, 3_000);
  // As the real one does, the chat is closed to answers too.
  await failure(post(rig, group, "d"), "platform.rate_limited");
  const tooLong = { text: "x".repeat(4_097), entities: [] };
  await failure(rig.adapter.post(chatRef(7), tooLong, alone), "platform.refused");
  await rig.adapter.post(chatRef(7), { text: "abc", entities: [{ type: "bold", offset: 2, length: 5 }] }, alone);
  assert.deepEqual(
    rig.tg.messages(7).map(({ entities }) => entities.length),
    [0],
  );
});
