import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import pg from "pg";
import { fail, ok, warn } from "../../src/cli/doctor/check.ts";
import { mend } from "../../src/cli/doctor/fix.ts";
import { type FindingId, findingIds } from "../../src/cli/doctor/ids.ts";
import { lookAtAll } from "../../src/cli/doctor/run.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { doctorControl } from "../../src/gateway/control/doctor.ts";
import { openDatabase } from "../../src/store/database.ts";
import { lines } from "../doubles/model-server-client.ts";
import { freshDatabase } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { doctor, heldHome, temporaryHome } from "./doctor-rig.ts";

test("every finding has its own id, and an exit status tells of faults alone", async (t) => {
  const well = await doctor(await heldHome(t), []);
  assert.deepEqual([well.status, well.told.ok, well.told.faults], [0, true, 0]);
  assert.ok(well.told.warnings > 0);
  assert.ok(well.told.results.every(({ id }) => id in findingIds));
  const sick = await doctor(await heldHome(t), [], { HERMES_HTTP_PORT: "many" });
  assert.deepEqual([sick.status, sick.told.ok, sick.told.faults], [1, false, 1]);
});

test("parts are looked at side by side, told of in their order, and none waits for ever", async () => {
  const started: string[] = [];
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const part = (id: FindingId, run: () => Promise<ReturnType<typeof ok>>, more: { last?: true; withinMs?: number } = {}) => ({
    id,
    withinMs: more.withinMs ?? 60_000,
    ...(more.last === true ? { last: true as const } : {}),
    run: async () => {
      started.push(id);
      return [await run()];
    },
  });
  const silent = Promise.withResolvers<never>();
  const checks = [
    part("node.version", async () => {
      await gate.promise;
      return ok("node.version", "slow");
    }),
    part("home.writable", async () => {
      gate.resolve();
      return fail("home.writable", "the key is sk-0123456789abcdef,\nand more", "");
    }),
    part("redis.answers", () => silent.promise, { withinMs: 1 }),
    part("model.server", () => Promise.reject(new Error("boom"))),
    part("tools.probe", async () => ok("tools.probe", `after ${told.length >= 0 ? started.length : 0}`), { last: true }),
  ];
  // Boundary: these checks use nothing of their input.
  const looked = await lookAtAll(checks, {} as Parameters<typeof lookAtAll>[1], ({ results }) =>
    told.push(results[0]?.text ?? ""),
  );
  assert.deepEqual(started, ["node.version", "home.writable", "redis.answers", "model.server", "tools.probe"]);
  assert.deepEqual(told, ["slow", "the key is [hidden], and more", "Not found out within 0.001 s.", "boom", "after 5"]);
  assert.equal(looked.length, 5);
});

test("what can't be taken back is done with consent alone, and what fails is told", async () => {
  const fixes = [
    { does: "send\u001bit", asks: true as const, run: async () => "Sent with sk-0123456789abcdef." },
    { does: "break", run: () => Promise.reject(new Error("no\u001b[2J room")) },
  ];
  const results = fixes.map((fix) => warn("record.refused", "", "", fix));
  const looked = [{ check: { id: "record.open" as const, withinMs: 1, run: async () => results }, results }];
  const asked: string[] = [];
  for (const [said, expected] of [
    ["y", "Sent with [hidden]."],
    ["", "Left alone; `hermes doctor --fix --yes` would send it."],
  ] as const) {
    const ask = async (question: string): Promise<string> => (asked.push(question), said);
    // Boundary: of its context it only asks.
    const mended = await mend(looked, { ask } as Parameters<typeof mend>[1], false, () => {});
    assert.deepEqual(
      mended.map(({ done, text }) => [done, text]),
      [
        [said === "y", expected],
        [false, "Could not break: no [2J room"],
      ],
    );
  }
  assert.deepEqual(asked, ["May I send it? [y/N] ", "May I send it? [y/N] "]);
});

test("a home: made, closed to others, rid of what killed processes left; older keys written anew", async (t) => {
  const home = join(await temporaryHome(t), "new");
  const first = await doctor(home, ["--fix"]);
  assert.match(first.did("home.writable"), /^done Made /);
  assert.match(first.says("home.writable"), /^ok .* is writable/);
  await chmod(home, 0o755);
  await writeFile(join(home, ".env"), "A=1\n");
  await chmod(join(home, ".env"), 0o644);
  await writeFile(
    join(home, "config.yaml"),
    "agent: {max_iterations: 5}\nterminal: {backend: local}\naccess: {open: true}\nhttp: {host: 0.0.0.0}\napprovals: {mode: off}\n",
  );
  await writeFile(join(home, "config.yaml.1.tmp"), "half");
  await utimes(join(home, "config.yaml.1.tmp"), 1, 1);
  await writeFile(join(home, "notes.tmp"), "mine");
  await utimes(join(home, "notes.tmp"), 1, 1);
  await writeFile(join(home, "config.yaml.lock"), "");
  await utimes(join(home, "config.yaml.lock"), 1, 1);
  const found = await doctor(home, []);
  assert.match(found.says("home.permissions"), /^warn .*mode 755/);
  assert.match(found.says("risk.readable"), /^warn .*mode 644/);
  assert.match(found.says("home.leftovers"), /^warn .*config\.yaml\.1\.tmp, config\.yaml\.lock/);
  assert.match(found.says("config.spelling"), /agent\.max_iterations becomes agent\.max_turns/);
  for (const id of ["risk.local", "risk.approvals", "risk.open"] as const) assert.match(found.says(id), /^warn /, id);
  assert.match(found.says("risk.page"), /http\.host is 0\.0\.0\.0/);
  const mended = await doctor(home, ["--fix"]);
  assert.equal(mended.status, 0);
  assert.match(mended.says("home.permissions"), /^ok /);
  assert.match(mended.says("risk.readable"), /^ok /);
  assert.equal(mended.says("home.leftovers") + mended.says("config.spelling"), "");
  assert.equal((await stat(join(home, ".env"))).mode & 0o777, 0o600);
  const left = (await readdir(home)).filter((name) => /tmp|lock/.test(name));
  assert.deepEqual(left, ["notes.tmp"]);
});

suite("the record", () => {
  test("older tables are told of and brought up to date; a newer version's are refused; what hangs is put right", async (t) => {
    await using database = await freshDatabase();
    const home = await temporaryHome(t);
    const env = { DATABASE_URL: database.url };
    const old = await doctor(home, [], env);
    assert.match(old.says("record.migrations") || JSON.stringify(old.told.results), /^warn .*\d+ steps are missing/);
    assert.deepEqual([old.status, old.says("record.stuck")], [0, ""]);
    const now = await doctor(home, ["--fix"], env);
    assert.match(now.did("record.migrations"), /^done .*0001/);
    assert.match(now.says("record.migrations"), /^ok /);
    assert.match(now.says("record.writable"), /^ok Postgres \d+/);
    for (const id of ["record.leases", "record.stuck", "record.undelivered"] as const) assert.match(now.says(id), /^ok /, id);

    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    // The database goes before its client does.
    client.on("error", () => undefined);
    t.after(() => client.end());
    await client.query(trouble);
    const sick = await doctor(home, [], env);
    assert.match(sick.says("record.leases"), /^warn 1 held/);
    assert.match(sick.says("record.stuck"), /^warn 1 conversation has a request that nobody works on, for 20 min\./);
    assert.match(sick.says("record.unrouted"), /^warn 1 of slack not taken for \d+ min/);
    assert.match(
      sick.says("record.undelivered"),
      /^warn 1 answer for telegram not delivered for \d+ min: the token is refused\./,
    );
    assert.match(
      sick.says("record.refused"),
      /^warn discord refused 1 .*\nwarn telegram refused 2 answers within a week, the last: blocked\./,
    );
    assert.equal(sick.status, 0, "no service runs that should have done it");

    const mended = await doctor(home, ["--fix"], env);
    assert.match(mended.did("record.leases"), /^done Let go of 1/);
    assert.match(mended.did("record.undelivered"), /^done 1 answer: no service runs/);
    assert.match(mended.did("record.refused"), /^left .*--yes` would send the one of discord [^]*send the 2 of telegram/);
    assert.match(mended.says("record.leases"), /^ok /);
    const { rows } = await client.query("select status, not_before <= now() as due from outbox order by id");
    assert.deepEqual(rows, [
      { status: "pending", due: true },
      ...Array.from({ length: 3 }, () => ({ status: "refused", due: true })),
    ]);
    assert.match(
      (await doctor(home, ["--fix", "--yes"], env)).did("record.refused"),
      /^done 1 refused answer: .*\ndone 2 refused answers: /,
    );

    await beside(home, database.url, env);
    await client.query("insert into hermes_migrations (name) values ('9999-later')");
    const newer = await doctor(await temporaryHome(t), [], env);
    assert.match(newer.says("record.newer"), /^fail .*newer Hermes Team.*9999-later/);
    assert.equal(newer.status, 1);
  });

  /** A running service looks and mends itself, and what nobody works on is its fault. */
  async function beside(home: string, url: string, env: Readonly<Record<string, string>>): Promise<void> {
    const record = await openDatabase({ url, directory: home, log: lines() });
    const queued: (readonly string[])[] = [];
    const requeue = async (...what: (readonly string[])[]): Promise<void> => void queued.push(...what);
    const service = await serveControl(home, { handle: ({ args }) => doctorControl({ db: record.db, requeue }, args) });
    try {
      const sick = await doctor(home, ["--fix"], env);
      assert.match(sick.says("record.open"), /held by the running service/);
      assert.match(sick.says("record.stuck"), /^fail /);
      assert.match(sick.did("record.stuck"), /^done 1 conversation put on the queue again/);
      assert.match(sick.did("record.undelivered"), /^done 4 answers tried again now/);
      assert.deepEqual(queued, [["s"], [], [], ["telegram:7", "discord:9"]]);
      assert.equal(sick.status, 1);
    } finally {
      await service.close();
      await record.close();
    }
  }

  const trouble = `
    insert into people (id, name, role) values ('p', 'Ana', 'owner');
    insert into conversations (id, platform, chat, thread, kind) values ('c', 'telegram', '7', '', 'private');
    insert into sessions (id, conversation_id, holder, lease_until) values ('s', 'c', 'gone', now() - interval '1 hour');
    insert into inbox (key, chat_key, inbound, status, session_id, person_id, received_at) values
      ('a', 'telegram:7', '{"type":"message"}', 'waiting', 's', 'p', now() - interval '20 minutes'),
      ('b', 'slack:C1', '{"type":"message"}', 'new', null, null, now() - interval '20 minutes');
    insert into outbox (key, platform, chat_key, body, sent, status, failure, created_at, not_before) values
      ('a', 'telegram', 'telegram:7', '{"markdown":"x"}', '[]', 'pending', 'the token is refused', now() - interval '20 minutes', now() + interval '1 hour'),
      ('b', 'telegram', 'telegram:7', '{"markdown":"x"}', '[]', 'refused', 'blocked', now() - interval '20 minutes', now()),
      ('c', 'telegram', 'telegram:7', '{"markdown":"x"}', '[]', 'refused', 'the chat is gone', now() - interval '2 days', now()),
      ('d', 'discord', 'discord:9', '{"markdown":"x"}', '[]', 'refused', 'no access', now() - interval '20 minutes', now());`;
});

test("a wrong clock, a taken port, a Redis that may drop jobs, an image that is not there yet", async (t) => {
  await using redis = await startRedis();
  let pulled = false;
  let skewMs = 600_000;
  const server = createServer((request, response) => {
    response.setHeader("date", new Date(Date.now() + skewMs).toUTCString());
    const path = request.url ?? "";
    if (path.includes("/_ping")) return void response.end("OK");
    if (path.includes("/version")) return void response.end('{"Components":[]}');
    if (path.includes("/images/create")) {
      pulled = true;
      return void response.end('{"status":"Done"}\n');
    }
    if (path.includes("/json") && pulled) return void response.end("{}");
    if (path.endsWith("/models")) return void response.end('{"data":[{"id":"qwen"}]}');
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"message":"no such thing"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an AddressInfo
  const admin = new URL(redis.url);
  const socket = connect(Number(admin.port), "127.0.0.1");
  socket.write("CONFIG SET maxmemory-policy allkeys-lru\r\n");
  await once(socket, "data");
  socket.destroy();
  const env = {
    REDIS_URL: redis.url,
    OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    HERMES_HTTP_PORT: `${port}`,
    DOCKER_HOST: `tcp://127.0.0.1:${port}`,
  };
  const found = await doctor(await temporaryHome(t), ["--fix"], env);
  assert.match(found.says("clock.skew"), /^fail This machine's clock is 10 min behind that of 127\.0\.0\.1:\d+\./);
  assert.match(found.says("ports.page"), /^fail 127\.0\.0\.1:\d+, for the page, is taken by another program/);
  assert.match(found.says("redis.eviction"), /^warn .*allkeys-lru/);
  assert.match(found.did("sandbox.image"), /^done The image \S+ is there now/);
  assert.match(found.says("sandbox.image"), /^ok /);
  assert.equal(found.status, 1);
  skewMs = 0;
  assert.match((await doctor(await temporaryHome(t), [], env)).says("clock.skew"), /^ok /);
});
