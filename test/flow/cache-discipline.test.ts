import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { countCall } from "../../src/agent/call-record.ts";
import { callModel } from "../../src/agent/model-call.ts";
import { callControl } from "../../src/gateway/control-socket.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { asking, lines, quickModels } from "../doubles/model-server-client.ts";
import { conversation, group, isTitling, saved, sessionModel, sessionWindow, skillTurn } from "../doubles/long-session.ts";
import { data, frame, modelServerWith, raw, say, type Seen } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { isSummary } from "../doubles/windowed.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";
import { openTalk } from "./talk-rig.ts";

const config = `model:\n  context_length: ${sessionWindow}\n`;
/** None of this may reach what a running session sends. */
const changed = `${config}agent:\n  max_iterations: 40\nmemory:\n  memory_enabled: false\n  user_profile_enabled: false\n`;

/** Holds the whole session and a new one behind it. */
async function played(): Promise<readonly Seen[]> {
  const answers = new Map(conversation.map((_, turn) => [turn, Promise.withResolvers<void>()]));
  await using model = await modelServerWith(
    { strict: false },
    sessionModel((turn) => answers.get(turn)?.resolve()),
  );
  await using telegram = await telegramServer();
  await using home = await freshHome();
  const place = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  const env = { ...place, HERMES_TITLE_GENERATION: "true" };
  await writeFile(join(home.path, "config.yaml"), config);
  const start = async () => {
    const hermes = await hostHermes({ home: home.path, env });
    await hermes.printed(/telegram is connected/);
    return hermes;
  };
  const running = { now: await start() };
  await using _end = { [Symbol.asyncDispose]: () => running.now[Symbol.asyncDispose]() };
  for (const [turn, { from, text }] of conversation.entries()) {
    if (turn === 5) await writeFile(join(home.path, "config.yaml"), changed);
    if (turn === skillTurn + 2) {
      const installed = await callControl(home.path, { command: "skills", args: ["text", "install", "git"] });
      assert.match(installed?.text ?? "", /git is installed/);
    }
    if (turn === 12) {
      await running.now[Symbol.asyncDispose]();
      running.now = await start();
    }
    telegram.say(group, `@${telegram.bot.username} ${text}`, { from });
    await answers.get(turn)?.promise; // what comes at an answer's end waits and gets a turn of its own
  }
  return [...model.seen];
}

/** What a template renders, without the messages; `max_tokens` shrinks as the window fills, and is not rendered. */
function options({ body }: Seen): string {
  return JSON.stringify({ ...body, messages: null, max_tokens: null });
}

/** The messages' exact bytes, without the bracket that ends them. */
function messages(seen: Seen | undefined): string {
  return JSON.stringify(seen?.body.messages ?? []).slice(0, -1);
}

test("thirty turns of two people keep their prefix byte for byte, but for one compression, whatever memory and skills become", async () => {
  const seen = await played();
  for (const each of seen) assert.equal(JSON.stringify(each.body), each.raw, "so its parts are the bytes that were sent");
  const turns = seen.filter((each) => !isTitling(each) && !isSummary(each));
  assert.ok(turns.length >= conversation.length * 1.3, "with tool calls");
  assert.equal(seen.filter(isTitling).length, 1);
  assert.deepEqual(new Set(turns.map(options)).size, 1, "tools and options never change");
  const breaks = turns.flatMap((each, at) => (at > 0 && !messages(each).startsWith(messages(turns[at - 1])) ? [at] : []));
  assert.equal(breaks.length, 1);
  assertSession(turns);
  assert.ok((breaks[0] ?? 0) < turns.length - 5, "and goes on after it");
  assertCompression(seen, turns, breaks[0] ?? 0);
});

test('all that is sent for "hello" in a fresh private chat, every tool on, is at most 2,500 tokens', async () => {
  await using rig = await openTalk();
  const { seen } = await rig.ask("hello", () => say("hello yourself"));
  const [first] = seen;
  assert.ok((first?.body.tools?.length ?? 0) >= 5 && first?.body.messages.length === 2);
  // The JSON counts more than what a template makes of it.
  const tokens = encode(first.raw, { allowedSpecial: "all" }).length;
  assert.ok(tokens <= 2_500, `${tokens} tokens`);
  assert.ok(tokens > 500, "it was counted");
});

test("what came from the server's cache is recorded for each call, as llama-server and as vLLM tell it; untold is not none", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hermes-cached-"));
  await using database = await openRecord(directory);
  const timings = { cache_n: 6_090, prompt_n: 415, predicted_n: 5, prompt_per_second: 381, predicted_per_second: 21 };
  const usage = { prompt_tokens: 6_505, completion_tokens: 5, total_tokens: 6_510 };
  const told: readonly (readonly [kind: string, last: object, recorded: readonly (number | null)[]])[] = [
    ["llama-server", { usage: { ...usage, prompt_tokens_details: { cached_tokens: 6_090 } }, timings }, [6_505, 6_090, 381]],
    ["llama-server by its timings alone", { timings }, [6_505, 6_090, 381]],
    ["vLLM", { usage: { ...usage, prompt_tokens_details: { cached_tokens: 6_096 } } }, [6_505, 6_096, null]],
    ["nothing from the cache", { usage: { ...usage, prompt_tokens_details: { cached_tokens: 0 } } }, [6_505, 0, null]],
    ["vLLM without --enable-prompt-tokens-details", { usage: { ...usage, prompt_tokens_details: null } }, [6_505, null, null]],
  ];
  for (const [kind, last, recorded] of told) {
    await using server = await modelServerWith({}, raw(frame({ content: "yes" }, "stop"), data({ choices: [], ...last })));
    const models = quickModels({ baseUrl: server.url });
    const model = await models.current();
    const ended = await callModel(model, asking(), new AbortController().signal, () => undefined);
    await models.close();
    assert.equal(ended.type, "answer", kind);
    if (ended.type !== "answer") continue;
    const calling = {
      db: database.db,
      metrics: openMetrics(),
      session: null,
      turn: null,
      task: "turn",
      step: 1,
      model,
      tools: new Map(),
    } as const;
    await countCall(calling, ended);
    const columns = "prompt_tokens, cached_tokens, prompt_per_second";
    const { rows } = await database.pool.query<Record<string, number | null>>(
      `select ${columns} from model_calls order by id desc limit 1`,
    );
    assert.deepEqual(Object.values(rows[0] ?? {}), recorded, kind);
  }
});

/** A record of the test's own. */
async function openRecord(directory: string): Promise<Database & AsyncDisposable> {
  const database = await openDatabase({ url: null, directory, log: lines() });
  await migrate(database.db, migrations);
  const close = async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  };
  return Object.assign(database, { [Symbol.asyncDispose]: close });
}

/** It was the session that it should be. */
function assertSession(turns: readonly Seen[]): void {
  const all = turns.map(messages).join("\n");
  for (const part of ["[Ann] turn 0", "[Bob] turn 2", '"name":"terminal"', '"name":"memory"', saved, "Proposed as"])
    assert.ok(all.includes(part), part);
  const [system] = turns.at(-1)?.body.messages ?? [];
  assert.equal(system?.role, "system");
  assert.ok(!String(system?.content).includes(saved), "what was remembered shows in the next session only");
  assert.ok(!String(system?.content).includes("- git:"), "and so does what was installed");
}

/** The head stays, then comes the record, then the newest messages word for word; and the summary was made from the same prefix. */
function assertCompression(seen: readonly Seen[], turns: readonly Seen[], at: number): void {
  const [before, after] = [turns[at - 1]?.body.messages ?? [], turns[at]?.body.messages ?? []];
  const same = before.map((message) => JSON.stringify(message));
  const now = after.map((message) => JSON.stringify(message));
  const kept = now.findIndex((message, place) => message !== same[place]);
  assert.ok(kept >= 3, "system prompt and the first messages");
  assert.match(now[kept] ?? "", /For reference only/);
  const tail = now.slice(kept + 1);
  const from = same.indexOf(tail[0] ?? "");
  assert.ok(from > kept, "the tail begins further down");
  assert.deepEqual(tail.slice(0, same.length - from), same.slice(from));
  const summaries = seen.filter(isSummary);
  assert.equal(summaries.length, 1);
  const asked = summaries[0];
  const material = JSON.stringify(asked?.body.messages.slice(0, -1)).slice(0, -1);
  assert.ok(messages(turns[at - 1]).startsWith(material) && material.length > 20_000, "it goes on from the session's own prefix");
  assert.equal(JSON.stringify(asked?.body.tools), JSON.stringify(turns[0]?.body.tools));
}
