import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Client } from "pg";
import { modelServerWith } from "../doubles/model-server.ts";
import { discordDriver } from "../e2e/platforms/discord-driver.ts";
import type { Line } from "../e2e/platforms/driver.ts";
import { slackDriver } from "../e2e/platforms/slack-driver.ts";
import { storyteller } from "../e2e/platforms/scenarios.ts";
import { telegramDriver } from "../e2e/platforms/telegram-driver.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, startHermes } from "./service.ts";

/** A standby takes over within this. */
const takeoverMs = 15_000;

test("of two gateways one serves each platform; when it is killed the other takes over within 15 s, and nothing is lost or doubled", async (t) => {
  await using model = await modelServerWith({ strict: false }, storyteller().answer);
  await using redis = await startRedis();
  await using database = await freshDatabase();
  await using stack = new AsyncDisposableStack();
  const [telegram, discord, slack] = [await telegramDriver(), await discordDriver(), await slackDriver()];
  const drivers = [telegram, discord, slack];
  for (const driver of drivers) stack.use(driver);
  const stores = { REDIS_URL: redis.url, DATABASE_URL: database.url, OPENAI_BASE_URL: model.url };
  const env = Object.assign({}, stores, ...drivers.map((driver) => driver.env));
  // Machines of their own.
  const start = async () => {
    const home = stack.use(await freshHome("none"));
    return stack.use(startHermes({ mode: "start", home: home.path, env }));
  };
  const all = async <Result>(act: (driver: (typeof drivers)[number], at: number) => Promise<Result>) =>
    await Promise.all(drivers.map(act));
  const first = await start();
  await all((driver) => driver.connected(first));
  const second = await start();
  await all(({ platform }) => second.printed(new RegExp(`another gateway serves ${platform}; standing by`)));
  const talks = await all((driver) => driver.talk());
  const say = async (words: string) => void (await all(async (_driver, at) => await talks[at]?.say(words)));
  const said = async (words: string) =>
    void (await all(
      async (_driver, at) => await talks[at]?.until((lines) => lines.some(({ text }) => text === `echo ${words}`)),
    ));
  await say("one");
  await said("one");
  // Two receivers would have been told so by Telegram.
  assert.ok(telegram.telegram.calls.every(({ status }) => status !== 409));
  // A file that is still being fetched then comes before what is said after it.
  const filing = await telegram.talk();
  await filing.say("one");
  await filing.until((lines) => lines.some(({ text }) => text === "echo one"));
  telegram.telegram.fault({ method: "getFile" }, { kind: "hang" });
  await filing.say("what is in it", { name: "note.txt", bytes: Buffer.from("the code word is heron") });
  await telegram.telegram.waitFor(() => telegram.telegram.calls.some(({ method }) => method === "getFile"));
  // Killed before this is noted, what it has just sent would be sent again with a remark.
  await noted(database.url);
  await first.kill("SIGKILL");
  const killed = performance.now();
  await say("two");
  await filing.say("two");
  await all((driver) => driver.connected(second));
  const tookMs = performance.now() - killed;
  t.diagnostic(`taken over after ${(tookMs / 1_000).toFixed(1)} s`);
  assert.ok(tookMs < takeoverMs, `${tookMs} ms`);
  await said("two");
  const answers = (lines: readonly Line[]) => lines.filter(({ written }) => written).map(({ text }) => text);
  const filed = await filing.until((lines) => answers(lines).length > 2 && answers(lines));
  assert.deepEqual(filed, ["echo one", "code word is heron", "echo two"]);
  const third = await start();
  await all(({ platform }) => third.printed(new RegExp(`another gateway serves ${platform}; standing by`)));
  await noted(database.url);
  // One that hangs is taken over from, too, and steps back when it awakes.
  second.child.kill("SIGSTOP");
  await all((driver) => driver.connected(third));
  second.child.kill("SIGCONT");
  await all(({ platform }) => second.printed(new RegExp(`another gateway serves ${platform} now; stepping back`)));
  assert.equal(await second.kill("SIGTERM"), 0);
  await say("three");
  await said("three");
  await noted(database.url);
  for (const talk of talks) {
    const texts = await talk.until((lines) => lines.map(({ text }) => text));
    assert.deepEqual(texts, ["echo one", "echo two", "echo three"]);
  }
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
