import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { modelServerWith, say } from "../doubles/model-server.ts";
import { telegramServer } from "../doubles/telegram.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { freshHome, type Process, type ProcessOptions, startHermes } from "./service.ts";

/** Packages of megabytes each that these tests have no use for: what is loaded at its first use stays out of an idle service's memory. */
const idle = [
  "@anthropic-ai/sdk",
  "@discordjs/",
  "@modelcontextprotocol/client",
  "@mozilla/readability",
  "@opentelemetry/api",
  "@slack/",
  "ajv",
  "discord.js",
  "dockerode",
  "just-bash",
  "linkedom",
  "ssh2",
  "turndown",
  "unpdf",
];
const engine = "@electric-sql/pglite";
const adapters = ["fastify", "grammy"];

const preload = `--import=${new URL("./load-recorder.ts", import.meta.url).href}`;

/** A process that keeps account of what it loads; in the virtual sandbox, whatever this machine has. */
async function recorded(mode: ProcessOptions["mode"], env: Readonly<Record<string, string>>) {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await freshHome());
  await writeFile(join(home.path, "config.yaml"), "terminal:\n  backend: virtual\n");
  const target = join(home.path, "loaded");
  const own = { NODE_OPTIONS: preload, HERMES_TEST_LOADED: target };
  const hermes: Process = stack.use(startHermes({ mode, home: home.path, env: { ...env, ...own } }));
  const open = stack.move();
  return {
    hermes,
    /** Ends it; of these packages, those that it had loaded. */
    async loaded(packages: readonly string[]): Promise<readonly string[]> {
      assert.equal(await hermes.kill("SIGTERM"), 0, hermes.output());
      const files = (await readFile(target, "utf8")).split("\n");
      const had = (name: string) => files.some((file) => file.includes(`/node_modules/${name.replace(/\/?$/, "/")}`));
      return packages.filter(had);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Of these packages, those that are loaded in a service that has answered one message from Telegram. */
async function loadedWhenIdle(env: Readonly<Record<string, string>>, packages: readonly string[]): Promise<readonly string[]> {
  await using model = await modelServerWith({ strict: false }, () => say("hello yourself"));
  await using telegram = await telegramServer();
  const own = { OPENAI_BASE_URL: model.url, TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url };
  await using service = await recorded("start", { ...own, ...env });
  await service.hermes.printed(/telegram is connected/);
  telegram.say(7, "hello");
  await telegram.waitFor(() => telegram.messages(7).some(({ text }) => text === "hello yourself"), 20_000);
  return await service.loaded(packages);
}

test("the embedded form has its engine in memory, and nothing that nobody has used", async () => {
  assert.deepEqual(await loadedWhenIdle({}, [engine, ...adapters, ...idle]), [engine, ...adapters]);
});

test("on Redis and Postgres the embedded engine is not loaded either", async () => {
  await using redis = await startRedis();
  await using database = await freshDatabase();
  const env = { REDIS_URL: redis.url, DATABASE_URL: database.url };
  const used = ["pg", "ioredis", ...adapters];
  assert.deepEqual(await loadedWhenIdle(env, [...used, engine, ...idle]), used);
});

test("a worker loads no platform, and a gateway only those that are wanted", async () => {
  await using redis = await startRedis();
  await using database = await freshDatabase();
  await using model = await modelServerWith({ strict: false }, () => say("unused"));
  const env = { REDIS_URL: redis.url, DATABASE_URL: database.url, OPENAI_BASE_URL: model.url };
  await using gateway = await recorded("gateway", env);
  await using worker = await recorded("worker", env);
  await gateway.hermes.printed(/Open http/);
  await worker.hermes.printed(/model: /);
  const packages = ["pg", ...adapters, engine, ...idle];
  assert.deepEqual(await worker.loaded(packages), ["pg"]);
  assert.deepEqual(await gateway.loaded(packages), ["pg", "fastify"]);
});
