import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { suite } from "node:test";
import { createPostgresBackend, type PostgresConnectionOptions, Queue, runMigrations, Worker } from "bullmq";
import { sql } from "kysely";
import { Failure } from "../../src/core/failures.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { startPostgres } from "../services/postgres.ts";
import { freePort } from "../services/processes.ts";
import { forms, type Place, silent } from "./database-forms.ts";

for (const [form, prepare] of Object.entries(forms)) {
  suite(`database outages: ${form}`, () => {
    test("kill -9 in the middle of writes loses no acknowledged row", async () => {
      await using place = await prepare();
      const acknowledged = new Set<number>();
      for (const rows of [1, 37, 210]) await writeUntilKilled(place, rows, acknowledged);
      const { pool } = await place.open();
      const { rows } = await pool.query<{ id: number }>("select id from written");
      assert.deepEqual([...acknowledged.difference(new Set(rows.map(({ id }) => id)))], []);
      assert.ok(acknowledged.size >= 248);
    });

    test("BullMQ runs on the pool: its schema, and a waiting worker hears of a job at once", async () => {
      await using place = await prepare();
      const { pool } = await place.open();
      const client = await pool.connect();
      await runMigrations(client);
      client.release();
      const done = Promise.withResolvers<unknown>();
      // BullMQ describes the part of a pool that it uses in its own words, which fit pg's pool but not the types written for it.
      const connection = pool as unknown as PostgresConnectionOptions;
      const worker = new Worker("jobs", async (job) => done.resolve(job.data), { connection }, createPostgresBackend);
      // It has looked once and found nothing: from now on it waits for a notification.
      const heard = once(worker, "drained");
      const queue = new Queue("jobs", { connection }, createPostgresBackend);
      await Promise.all([worker.waitUntilReady(), queue.waitUntilReady()]);
      await heard;
      const start = performance.now();
      await queue.add("job", { n: 1 });
      assert.deepEqual(await done.promise, { n: 1 });
      assert.ok(performance.now() - start < pollingMs / 2, "found by polling, not by notification");
      await Promise.all([worker.close(), queue.close()]);
    });
  });
}

suite("database outages: embedded only", () => {
  test("a second start is refused with the first one's process id, until that is killed", async () => {
    await using place = await forms.embedded();
    const writer = startWriter(place);
    await once(writer.stdout, "data");
    await assert.rejects(place.open(), {
      code: "home.held",
      message: new RegExp(`process ${writer.pid} since 20`),
      advice: /HERMES_HOME/,
    });
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const database = await place.open();
    await assert.rejects(place.open(), { code: "home.held", message: new RegExp(`process ${process.pid} `) });
    await database.close();
    await (await place.open()).close();
    assert.equal((await stat(place.directory)).mode & 0o777, 0o700);
  });

  test("an engine that panics is opened again, with every committed row, and transactions under way fail", async () => {
    await using place = await forms.embedded();
    const { db, pool } = await place.open();
    await pool.query("create table kept (a int)");
    await pool.query("insert into kept values (1)");
    const wal = join(place.directory, "pgdata", "pg_wal");
    const cut = db.transaction().execute(async (trx) => {
      await sql`insert into kept values (2)`.execute(trx);
      await rename(wal, `${wal}.away`);
      // Nowhere to write the log to: Postgres panics, as it does on a full disk.
      for (;;) await sql`insert into kept select generate_series(1, 10000)`.execute(trx);
    });
    await assert.rejects(cut, { code: "state.unavailable", retryable: true });
    await assert.rejects(sql`select 1`.execute(db), { code: "state.unavailable" });
    await rename(`${wal}.away`, wal);
    const back = Promise.withResolvers<readonly unknown[]>();
    const timer = setInterval(
      () =>
        void pool.query("select a from kept").then(
          ({ rows }) => back.resolve(rows),
          () => {},
        ),
      100,
    );
    assert.deepEqual(await back.promise, [{ a: 1 }]);
    clearInterval(timer);
  });

  test("a directory that holds something else is refused with its name", async () => {
    await using place = await forms.embedded();
    await writeFile(join(place.directory, "pgdata", "PG_VERSION"), "7\n");
    await assert.rejects(place.open(), { code: "state.unavailable", message: new RegExp(`${place.directory}.*can't be opened`) });
    await writeFile(join(place.directory, "file"), "");
    const within = openDatabase({ url: null, directory: join(place.directory, "file"), log: silent });
    await assert.rejects(within, { code: "state.unavailable", message: /can't be used/, advice: /writable/ });
  });

  test("a start that is aborted leaves the directory to the next one", async () => {
    await using place = await forms.embedded();
    const signal = AbortSignal.abort();
    await assert.rejects(openDatabase({ url: null, directory: place.directory, log: silent, signal }), { name: "AbortError" });
    await (await place.open()).close();
  });
});

suite("database outages: postgres only", () => {
  test("a server that is not there is named without the password, and waited for first", async () => {
    const port = await freePort();
    const url = `postgres://ada:secret@127.0.0.1:${port}/hermes`;
    const warnings: string[] = [];
    const log = { ...silent, warn: (_fields: unknown, message: string) => void warnings.push(message) };
    await assert.rejects(openPostgres(url, log, new AbortController().signal, 600), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual(
        [error.code, error.retryable, /secret/.test(`${error.message}${warnings.join()}`)],
        ["state.unavailable", true, false],
      );
      return error.message.includes(`127.0.0.1:${port}`) && error.message.includes("ECONNREFUSED");
    });
    assert.equal(warnings.length, 1);
  });

  test("a database that does not exist is not waited for", async () => {
    await using place = await forms.postgres();
    const url = `${place.url}_missing`;
    await assert.rejects(openDatabase({ url, directory: "/nowhere", log: silent }), {
      code: "state.unavailable",
      message: /does not exist/,
    });
  });

  test("a server that stops and returns: a failure that names it, then work as before, and no crash", async () => {
    await using server = await startPostgres();
    const { db, pool, close } = await openDatabase({ url: server.url, directory: "/nowhere", log: silent });
    await pool.query("create table kept (a int)");
    const cut = db.transaction().execute(async (trx) => {
      await pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = 'postgres'",
      );
      await trx.selectFrom("settings").selectAll().execute();
    });
    await assert.rejects(cut, { code: "state.unavailable", retryable: true, message: /127\.0\.0\.1:\d+/ });
    assert.deepEqual((await pool.query("select * from kept")).rows, []);
    await close();
  });
});

/** BullMQ's own fallback when no notification arrives. */
const pollingMs = 5_000;

/** Lets a process of its own write `rows` rows or a few more, kills it, and notes the ids that the database acknowledged to it. */
async function writeUntilKilled(place: Place, rows: number, acknowledged: Set<number>): Promise<void> {
  const writer = startWriter(place);
  let seen = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.add(Number(line));
    if (++seen === rows) writer.kill("SIGKILL");
  }
  assert.ok(seen >= rows, "the writer ended by itself");
}

function startWriter(place: Place) {
  return spawn(process.execPath, [join(import.meta.dirname, "database-writer.ts"), place.url ?? "", place.directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}
