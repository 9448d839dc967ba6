import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { type TelegramServer, telegramServer } from "../doubles/telegram.ts";

// What the double promises to the tests that stand on it, asked over HTTP without any client of ours.

interface Answer {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error_code?: number;
  readonly description?: string;
}

async function ask(tg: TelegramServer, method: string, params: object = {}): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${tg.url}/bot${tg.token}/${method}`, { method: "POST", headers, body: JSON.stringify(params) });
  return (await response.json()) as Answer; // the double's own form
}

function ids({ result }: Answer): number[] {
  return (result as { readonly update_id: number }[]).map(({ update_id }) => update_id); // getUpdates' form
}

test("updates come until they are confirmed, in order, and only of the kinds asked for", async () => {
  await using tg = await telegramServer();
  const [one, two, three] = ["a", "b", "c"].map((text) => tg.say(7, text));
  assert.deepEqual(ids(await ask(tg, "getUpdates")), [one, two, three]);
  assert.deepEqual(ids(await ask(tg, "getUpdates", { limit: 2 })), [one, two]);
  assert.deepEqual([tg.confirmed, tg.pending], [0, 3]);
  assert.deepEqual(ids(await ask(tg, "getUpdates", { offset: two, allowed_updates: ["message"] })), [two, three]);
  assert.deepEqual([tg.confirmed, tg.pending], [one, 2]);
  tg.update({ edited_message: {} });
  tg.redeliver(one ?? 0);
  assert.deepEqual(ids(await ask(tg, "getUpdates", { offset: three })), [one, three]);
});

test("a poll waits for news, and another poll ends it", async () => {
  await using tg = await telegramServer();
  const first = ask(tg, "getUpdates", { timeout: 20 });
  await tg.waitFor(() => tg.calls.length === 1);
  const second = ask(tg, "getUpdates", { timeout: 20 });
  assert.equal((await first).error_code, 409);
  const update = tg.say(7, "news");
  assert.deepEqual(ids(await second), [update]);
});

test("a poller that went away has not been told anything", async () => {
  await using tg = await telegramServer();
  const gone = new AbortController();
  const poll = fetch(`${tg.url}/bot${tg.token}/getUpdates?timeout=20`, { signal: gone.signal });
  await tg.waitFor(() => tg.calls.length === 1);
  gone.abort();
  await assert.rejects(poll);
  const update = tg.say(7, "news");
  assert.deepEqual(ids(await ask(tg, "getUpdates", { timeout: 20 })), [update]);
});

for (const [name, method, params, says] of [
  ["no text", "sendMessage", { text: " " }, /message text is empty/],
  ["too much text", "sendMessage", { text: "x".repeat(4_097) }, /message is too long/],
  ["half a character", "sendMessage", { text: "😀", entities: [{ type: "bold", offset: 0, length: 1 }] }, /out of bounds/],
  [
    "formatting beyond the end",
    "sendMessage",
    { text: "ab", entities: [{ type: "bold", offset: 1, length: 2 }] },
    /out of bounds/,
  ],
  [
    "crossed formatting",
    "sendMessage",
    {
      text: "abcd",
      entities: [
        { type: "bold", offset: 0, length: 3 },
        { type: "italic", offset: 2, length: 2 },
      ],
    },
    /italic in bold/,
  ],
  ["an unknown message", "editMessageText", { message_id: 9, text: "x" }, /message to edit not found/],
  ["a reply to nothing", "sendMessage", { text: "x", reply_parameters: { message_id: 9 } }, /message to be replied not found/],
  [
    "a button with too much data",
    "sendMessage",
    { text: "x", reply_markup: { inline_keyboard: [[{ text: "a", callback_data: "é".repeat(33) }]] } },
    /BUTTON_DATA_INVALID/,
  ],
  ["a draft without id", "sendMessageDraft", { text: "x" }, /DRAFT_ID_INVALID/],
  ["an unknown query", "answerCallbackQuery", { callback_query_id: "1" }, /query is too old/],
  ["a bad command", "setMyCommands", { commands: [{ command: "Help", description: "x" }] }, /BOT_COMMAND_INVALID/],
] as const) {
  test(`refused: ${name}`, async () => {
    await using tg = await telegramServer();
    const { error_code, description } = await ask(tg, method, { chat_id: 7, ...params });
    assert.equal(error_code, 400);
    assert.match(description ?? "", says);
  });
}

test("what is planned strikes what it names, as often as it says", async () => {
  await using tg = await telegramServer();
  tg.fault({ chat: 7, times: 2 }, { kind: "limit", retryAfter: 9 });
  tg.fault({ method: "getMe" }, { kind: "garble", status: 502, body: "<html>" });
  const codes = [];
  for (const chat_id of [7, 8, 7, 7]) codes.push((await ask(tg, "sendMessage", { chat_id, text: "x" })).error_code);
  assert.deepEqual(codes, [429, undefined, 429, undefined]);
  await assert.rejects(ask(tg, "getMe"), SyntaxError);
  assert.equal((await ask(tg, "getMe")).ok, true);
});

test("on its own: speaks, is steered over HTTP, and ends when told to", async () => {
  const program = join(import.meta.dirname, "../doubles/telegram-main.ts");
  const child = spawn(process.execPath, [program, "--token", "9:key"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer]; // a stream without encoding
    const url = /http:\S+/.exec(String(line))?.[0] ?? "";
    const control = async (action: string, body: object): Promise<unknown> =>
      await (await fetch(`${url}/control/${action}`, { method: "POST", body: JSON.stringify(body) })).json();
    assert.deepEqual(await control("say", { chat: 7, text: "hi", from: { id: 7, name: "Alice" } }), { update: 1_001 });
    assert.deepEqual(await control("fault", { target: { method: "sendMessage" }, fault: { kind: "limit", retryAfter: 1 } }), {
      done: true,
    });
    const send = async (): Promise<number> => (await fetch(`${url}/bot9:key/sendMessage?chat_id=7&text=yo`)).status;
    assert.deepEqual([await send(), await send()], [429, 200]);
    const shown = (await (await fetch(`${url}/control/messages?chat=7`)).json()) as { readonly text: string }[];
    assert.deepEqual(
      shown.map(({ text }) => text),
      ["yo"],
    );
    assert.equal((await fetch(`${url}/control/state`)).status, 200);
  } finally {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null]; // as the event is defined
    assert.equal(code, 0);
  }
});
