import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { discordServer } from "../doubles/discord.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { doctor, heldHome, temporaryHome } from "./doctor-rig.ts";

test("platforms: what they see, what is in the way, and what is mended only after asking", async (t) => {
  await using telegram = await telegramServer();
  await using discord = await discordServer();
  const env = {
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    DISCORD_API_URL: discord.url,
    DISCORD_BOT_TOKEN: discord.token,
  };
  telegram.setWebhook("https://elsewhere.example/hook");
  const home = await heldHome(t);
  const found = await doctor(home, ["--fix"], env);
  assert.match(found.says("telegram.privacy"), /^ok .*privacy mode off/);
  assert.match(found.says("telegram.webhook"), /^warn A webhook is set \(elsewhere\.example\)/);
  assert.match(found.did("telegram.webhook"), /^left /);
  assert.match(found.says("discord.token"), /^ok Hermes; invite it/);
  assert.match(found.says("discord.content"), /^(?:ok|warn) It may/);
  const mended = await doctor(home, ["--fix", "--yes"], env);
  assert.match(mended.did("telegram.webhook"), /^done Removed the webhook/);
  assert.match(mended.says("telegram.webhook"), /^ok It polls/);
  telegram.fault({ method: "getMe" }, { kind: "limit", retryAfter: 1 });
  discord.fault({}, { kind: "limit", retryAfter: 1 });
  const busy = await doctor(home, [], env);
  for (const id of ["telegram.token", "discord.token"] as const) assert.match(busy.says(id), /^warn \w+ asks to wait\./);
  assert.doesNotMatch(JSON.stringify(mended.told), new RegExp(`${telegram.token}|${discord.token}`));
});

/** A server that answers these paths with JSON. */
async function answering(t: TestContext, answers: Readonly<Record<string, unknown>>): Promise<number> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200).end(typeof answer === "string" ? answer : JSON.stringify(answer ?? {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // a TCP server's address is always an AddressInfo
}

test("a webhook that is wanted: not set yet, failing, well; and its port", async (t) => {
  const hook = { url: "https://bot.example.org/telegram", pending_update_count: 3 };
  const failing = { ...hook, last_error_date: Date.now() / 1_000, last_error_message: "Bad Gateway" };
  const me = { ok: true, result: { username: "team_bot", can_join_groups: false } };
  const answers: Record<string, unknown> = { "/bot1:x/getMe": me };
  const port = await answering(t, answers);
  const env = {
    TELEGRAM_API_ROOT: `http://127.0.0.1:${port}`,
    TELEGRAM_BOT_TOKEN: "1:x",
    TELEGRAM_WEBHOOK_URL: hook.url,
    TELEGRAM_WEBHOOK_SECRET: "s",
    TELEGRAM_WEBHOOK_PORT: `${port}`,
  };
  for (const [result, expected] of [
    [{ url: "" }, /^warn Telegram does not send to https:\/\/bot\.example\.org\/telegram yet/],
    [failing, /^fail Telegram can't send to .*: Bad Gateway; 3 wait\./],
    [hook, /^ok Telegram sends to/],
  ] as const) {
    answers["/bot1:x/getWebhookInfo"] = { ok: true, result };
    const found = await doctor(await temporaryHome(t), [], env);
    assert.match(found.says("telegram.webhook"), expected);
    assert.match(found.says("ports.webhook"), /^fail 127\.0\.0\.1:\d+, for Telegram's webhook, is taken by another program/);
    assert.match(found.says("telegram.privacy"), /^ok It can't be added to groups/);
  }
});

test("our own page is known where there is no socket, and then its webhooks are ours too", async (t) => {
  const port = await answering(t, { "/health": { ok: true, version: "0.1.0", uptimeSeconds: 3 } });
  const env = { HERMES_HTTP_PORT: `${port}`, SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "s", SLACK_HTTP_PORT: `${port}` };
  const found = await doctor(await temporaryHome(t), [], { ...env, SLACK_API_URL: `http://127.0.0.1:${port}/api/` });
  assert.match(found.says("ports.page"), /^ok The running service's page answers/);
  assert.match(found.says("ports.webhook"), /^ok .*for Slack, is held by the running service/);
  const other = await answering(t, { "/health": "<html>" });
  const silent = await doctor(await heldHome(t), [], { HERMES_HTTP_PORT: `${other}` });
  assert.match(silent.says("ports.page"), /^warn A service runs, and its page does not answer/);
});

test("servers of side jobs and fallbacks are asked, each once; a small window is named", async (t) => {
  const models = { data: [{ id: "small" }] };
  const port = await answering(t, { "/v1/models": models, "/one/v1/models": models });
  const home = await temporaryHome(t);
  await writeFile(
    join(home, "config.yaml"),
    `model: {base_url: "http://127.0.0.1:${port}/v1", context_length: 4096}
custom_providers: [{name: spare, base_url: "http://127.0.0.1:${port}/one/v1"}]
auxiliary:
  compression: {provider: spare, model: large}
  vision: {provider: spare, model: small}
  title_generation: {provider: spare, model: small}
fallback_providers: [{base_url: "http://127.0.0.1:1024/v1", model: x}]
`,
  );
  const found = await doctor(home, []);
  assert.match(found.says("model.window"), /^warn 4,096 tokens \(model\.context_length\); 8,192 is the least/);
  assert.deepEqual(
    found
      .says("model.others")
      .split("\n")
      .map((line) => line.replaceAll(/127\.0\.0\.1:\d+/g, "HOST")),
    [
      "warn For auxiliary.compression: http://HOST/one/v1 has no model large; it lists small.",
      "ok For auxiliary.title_generation, auxiliary.vision: small at http://HOST/one/v1.",
      "warn For fallback_providers[0]: no model server answers at http://HOST (ECONNREFUSED).",
    ],
  );
  assert.equal(found.status, 0);
});
