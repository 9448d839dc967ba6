import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import test from "node:test";
import { Redis } from "ioredis";
import pg from "pg";
import { debianImage, dockerAt, dockerHost, smallImage } from "./docker.ts";
import { needsOf } from "./needs.ts";
import { freshDatabase } from "./postgres.ts";
import { startRedis } from "./redis.ts";

test("a private Redis comes back at the same address, empty", async () => {
  await using redis = await startRedis();
  await using one = connected(redis.url);
  await one.client.set("a", "1");
  await redis.flush();
  assert.equal(await one.client.get("a"), null);
  await one.client.set("b", "1");
  await redis.stop();
  await redis.start();
  await using two = connected(redis.url);
  assert.equal(await two.client.get("b"), null);
});

test("each fresh database is empty and apart, and gone afterwards", async () => {
  const urls: string[] = [];
  {
    await using one = await freshDatabase();
    await using two = await freshDatabase();
    urls.push(one.url, two.url);
    await query(one.url, "create table t (n int)");
    assert.deepEqual(await query(two.url, "select to_regclass('t') as found"), [{ found: null }]);
  }
  for (const url of urls) await assert.rejects(query(url, "select 1"), /does not exist/);
});

test("the engine has both images, and they run", async () => {
  const docker = dockerAt(await dockerHost());
  for (const [image, command] of [[smallImage, ["true"]] as const, [debianImage, ["python3", "-c", "pass"]] as const]) {
    const container = await docker.createContainer({ Image: image, Cmd: [...command], HostConfig: { NetworkMode: "none" } });
    await container.start();
    const end: { readonly StatusCode: number } = await container.wait();
    assert.equal(end.StatusCode, 0);
    await container.remove();
  }
});

test("a killed test takes its services with it", async () => {
  const program = `
    const { startRedis } = await import(${JSON.stringify(new URL("redis.ts", import.meta.url).href)});
    const { startPostgres } = await import(${JSON.stringify(new URL("postgres.ts", import.meta.url).href)});
    const started = await Promise.all([startRedis(), startPostgres()]);
    console.log(JSON.stringify(started.map(({ url }) => Number(new URL(url).port))));
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line]: unknown[] = await once(child.stdout, "data");
  const ports: unknown = JSON.parse(String(line));
  assert.ok(Array.isArray(ports) && ports.length === 2);
  child.kill("SIGKILL");
  await once(child, "exit");
  for (const port of ports) await refused(Number(port));
});

test("a test file gets only the services that it names", () => {
  assert.deepEqual(needsOf([import.meta.filename]), new Set(["docker", "postgres", "redis"]));
  const house = new URL("../unit/house.test.ts", import.meta.url).pathname;
  assert.ok(existsSync(house));
  assert.deepEqual(needsOf([house]), new Set());
});

function connected(url: string) {
  const client = new Redis(url, { maxRetriesPerRequest: 0 });
  client.on("error", () => {}); // it is stopped on purpose
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The kernel has closed the port when its owner is gone: a connection attempt a few milliseconds later says so. */
async function refused(port: number): Promise<void> {
  const deadline = AbortSignal.timeout(5_000);
  while (await fetch(`http://127.0.0.1:${port}`, { signal: deadline }).then(answered, isAnswer)) deadline.throwIfAborted();
}

function answered(): boolean {
  return true;
}

/** Neither server speaks HTTP: every error but a refusal means that somebody is there. */
function isAnswer(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return !(cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED");
}
