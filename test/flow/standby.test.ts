import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Client } from "pg";
import { modelServerWith, say } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, startHermes } from "./service.ts";

test("of two gateways one serves a platform; when it is killed the other takes over within 15 s, and nothing is lost or doubled", async () => {
  await using model = await modelServerWith({ strict: false }, (_seen, count) => say(`Answer ${count + 1}.`));
  await using telegram = await telegramServer({});
  await using redis = await startRedis();
  await using database = await freshDatabase();
  // Machines of their own.
  await using stack = new AsyncDisposableStack();
  const env = {
    REDIS_URL: redis.url,
    DATABASE_URL: database.url,
    OPENAI_BASE_URL: model.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.url,
  };
  const start = async () => {
    const home = stack.use(await freshHome());
    return stack.use(startHermes({ mode: "start", home: home.path, env }));
  };
  const texts = () => telegram.messages(7).map(({ text }) => text);
  const first = await start();
  await first.printed(/telegram is connected/);
  const second = await start();
  await second.printed(/another gateway serves telegram; standing by/);
  telegram.say(7, "one");
  await telegram.waitFor(() => texts().length === 1);
  // Two receivers would have been told so by Telegram.
  assert.deepEqual(
    telegram.calls.filter(({ status }) => status === 409),
    [],
  );
  // Killed before this is noted, what it has just sent would be sent again with a remark.
  await noted(database.url);
  await first.kill("SIGKILL");
  telegram.say(7, "two");
  await telegram.waitFor(() => texts().length === 2, 15_000);
  const third = await start();
  await third.printed(/another gateway serves telegram; standing by/);
  await noted(database.url);
  assert.equal(await second.kill("SIGTERM"), 0);
  telegram.say(7, "three");
  await telegram.waitFor(() => texts().length === 3, 15_000);
  await noted(database.url);
  assert.deepEqual(texts(), ["Answer 1.", "Answer 2.", "Answer 3."]);
});

/** Resolves when the record has all that was sent as sent. */
async function noted(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    while ((await client.query("select 1 from outbox where status <> 'sent'")).rowCount !== 0) await setImmediate();
  } finally {
    await client.end();
  }
}
