import assert from "node:assert/strict";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import test, { suite } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/core/failures.ts";
import type { Migration } from "../../src/store/migrate.ts";
import { migrate, versionSetting } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import type { PgPool } from "../../src/store/pglite-pool.ts";
import { copyRecord, recordCopy } from "../../src/store/record-copy.ts";
import { upgrade } from "../../src/store/upgrade.ts";
import { forms, readyForms, silent } from "./database-forms.ts";

for (const [form, prepare] of Object.entries(forms)) {
  suite(`database: ${form}`, () => {
    test("transactions of many clients never mix", async () => {
      await using place = await prepare();
      const { pool } = await place.open();
      await pool.query("create table counter (n int); create table seen (run int, name text)");
      let run = 0;
      const program = fc.record({ steps: fc.integer({ min: 1, max: 4 }), end: fc.constantFrom(...ends) });
      await fc.assert(
        fc.asyncProperty(fc.array(program, { minLength: 2, maxLength: 8 }), async (programs) => {
          run++;
          await pool.query("delete from counter; insert into counter values (0)");
          await Promise.all(programs.map(({ steps, end }, index) => play(pool, run, `p${index}`, steps, end)));
          const kept = programs.flatMap(({ steps, end }, index) =>
            end === "rollback" ? [] : Array<string>(steps).fill(`p${index}`),
          );
          const { rows } = await pool.query<{ name: string }>("select name from seen where run = $1 order by name", [run]);
          assert.deepEqual(
            rows.map((row) => row.name),
            kept.toSorted(),
          );
          assert.deepEqual((await pool.query("select n from counter")).rows, [{ n: kept.length }]);
        }),
        { numRuns: 15 },
      );
    });

    test("a transaction that fails leaves nothing behind and lets the others go on", async () => {
      await using place = await prepare();
      const { db, pool } = await place.open();
      await migrate(db, migrations);
      const person = { id: "a", name: "Ada", role: "member" } as const;
      const failing = db.transaction().execute(async (trx) => {
        await trx.insertInto("people").values(person).execute();
        await trx.insertInto("people").values(person).execute();
      });
      await assert.rejects(failing, { code: "23505", constraint: "people_pkey" });
      assert.deepEqual((await pool.query("select * from people")).rows, []);
    });

    test("values arrive as they left, in the same JavaScript types", async () => {
      await using place = await prepare();
      const { pool } = await place.open();
      for (const [type, value, expected] of values) {
        const { rows, rowCount, fields, command } = await pool.query(`select $1::${type} as value`, [value]);
        assert.deepEqual(rows, [{ value: expected }], `${type} ${String(value)}`);
        assert.deepEqual([rowCount, fields.map((field) => field.name), command], [1, ["value"], "SELECT"]);
      }
      const { rows } = await pool.query("select count(*), sum(a), now() as now, null as nothing from (values (1), (2)) as t (a)");
      assert.deepEqual(
        rows.map(({ now, ...rest }) => [now instanceof Date, rest]),
        [[true, { count: 2, sum: 3, nothing: null }]],
      );
    });

    test("errors carry their SQLSTATE and its details", async () => {
      await using place = await prepare();
      const { pool } = await place.open();
      await pool.query(
        "create table parent (id int primary key); create table child (id int references parent (id), n int check (n > 0))",
      );
      for (const [sql, expected] of mistakes) await assert.rejects(pool.query(sql), expected, sql);
      const client = await pool.connect();
      await client.query("begin");
      await assert.rejects(client.query("select 1/0"));
      await assert.rejects(client.query("select 1"), { code: "25P02" });
      assert.equal((await client.query("commit")).command, "ROLLBACK");
      client.release();
    });

    test("notifications reach every client that listens, and no other", async () => {
      await using place = await prepare();
      const { pool } = await place.open();
      const [one, two] = [await pool.connect(), await pool.connect()];
      const heard: Record<"one" | "two", string[]> = { one: [], two: [] };
      one.on("notification", ({ channel, payload }) => heard.one.push(`${channel}:${payload}`));
      two.on("notification", ({ channel, payload }) => heard.two.push(`${channel}:${payload}`));
      await one.query("-- a comment first\n/* and another */ LISTEN Jobs");
      await two.query('listen jobs; listen "Odd ""name"""');
      const end = [once(one, "notification"), once(two, "notification")];
      await pool.query("select pg_notify('jobs', $1)", ["first"]);
      await Promise.all(end);
      await two.query("unlisten jobs");
      const rolledBack = await pool.connect();
      await rolledBack.query("begin; select pg_notify('jobs', 'never'); rollback");
      rolledBack.release();
      const last = [once(one, "notification"), once(two, "notification")];
      await pool.query(`select pg_notify('jobs', 'second'), pg_notify('Odd "name"', '')`);
      await Promise.all(last);
      assert.deepEqual(heard, { one: ["jobs:first", "jobs:second"], two: ["jobs:first", 'Odd "name":'] });
      for (const client of [one, two]) client.release();
    });

    test("two that migrate at once both find the schema complete", async () => {
      await using place = await prepare();
      const first = await place.open();
      const second = form === "postgres" ? await place.open() : first;
      const both = await Promise.all([first, second].map(({ db }) => migrate(db, migrations)));
      assert.deepEqual(
        both.flat().toSorted(),
        migrations.map(({ name }) => name),
      );
      assert.deepEqual(await migrate(first.db, migrations), []);
    });

    test("a failed migration leaves the schema at the step before", async () => {
      await using place = await prepare();
      const { db, pool } = await place.open();
      const good: Migration = { name: "0001-good", sql: "create table one (a int)" };
      const bad: Migration = { name: "0002-bad", sql: "create table two (a int); select 1/0" };
      await assert.rejects(migrate(db, [good, bad]), { code: "22012" });
      const { rows } = await pool.query("select to_regclass('one') is null as one, to_regclass('two') is null as two");
      assert.deepEqual(rows, [{ one: false, two: true }]);
      assert.deepEqual(await migrate(db, [good, { ...bad, sql: "create table two (a int)" }]), ["0002-bad"]);
    });

    test("what conversations remembered becomes their chat's, and a Discord thread's stays its own", async () => {
      await using place = await prepare();
      const { db, pool } = await place.open();
      const before = migrations.findIndex(({ name }) => name === "0012-memories");
      await migrate(db, migrations.slice(0, before));
      await pool.query(`
        insert into conversations (id, platform, chat, thread, kind) select platform || thread, platform, 'a:1', thread, 'shared'
          from unnest(array['discord', 'telegram']) platform, unnest(array['', '5']) thread;
        insert into memories (scope, owner, target, text, updated_at)
          select 'conversation', id, 'memory', 'Of ' || id, now() + length(thread) * interval '1 second' from conversations`);
      await migrate(db, migrations);
      const { rows } = await pool.query("select owner, text from memories order by owner");
      assert.deepEqual(rows.map(Object.values), [
        ["discord:a%3A1", "Of discord"],
        ["discord:a%3A1:5", "Of discord5"],
        ["telegram:a%3A1", "Of telegram\n§\nOf telegram5"],
      ]);
    });

    test("an older version's record is copied before it is brought up to date, and can be gone back to", async () => {
      await using place = await (form === "embedded" ? readyForms.embedded : prepare)();
      const logged: string[] = [];
      const log = { ...silent, info: (_: object, text: string) => void logged.push(text) };
      const opened = await place.open();
      const future = (number: number): Migration => ({
        name: `999${number}-future`,
        sql: `create table future${number} (a int)`,
      });
      const [bad, newer] = [{ ...future(2), sql: "select 1/0" }, [...migrations, future(1), future(2)]];
      // A new record has nothing that is worth a copy, and one of now nothing to do.
      assert.equal((await upgrade(opened, migrations, log)).copy, null);
      assert.deepEqual(await upgrade(opened, migrations, log), { applied: [], copy: null });
      assert.deepEqual(logged, []);
      await opened.pool.query("insert into settings (key, value) values ('kept', 'before')");
      await assert.rejects(upgrade(opened, [...migrations, future(1), bad], log), { code: "22012" });
      // What the first attempt has changed is not what there is to go back to.
      const { applied, copy } = await upgrade(opened, newer, log);
      assert.deepEqual(applied, ["9992-future"]);
      await opened.pool.query("update settings set value = 'after' where key = 'kept'");
      const refused = await upgrade(opened, migrations, log).then(
        () => "not refused",
        (thrown: unknown) => (thrown instanceof Failure ? (thrown.advice ?? "") : String(thrown)),
      );
      await opened.close();
      if (form === "postgres") return void assert.deepEqual([copy, refused.includes("before that upgrade")], [null, false]);
      const kept = join(place.directory, "before-upgrade");
      assert.equal(copy, kept);
      assert.match(
        logged.join(),
        new RegExp(`^the record of an older version was brought up to date; as it was before, it is in ${kept}$`),
      );
      assert.match(refused, new RegExp(`As it was on 20.*before that upgrade, it is in ${kept}: docs/service\\.md`));
      // As the documentation says it.
      await rename(join(place.directory, "pgdata"), join(place.directory, "pgdata.newer"));
      await cp(join(kept, "pgdata"), join(place.directory, "pgdata"), { recursive: true });
      const back = await place.open();
      assert.deepEqual(await upgrade(back, migrations, log), { applied: [], copy: null });
      const said = "select value, to_regclass('future1') is null as old from settings where key = 'kept'";
      assert.deepEqual((await back.pool.query(said)).rows, [{ value: "before", old: true }]);
      // The next upgrade keeps what is in it by then, and only that.
      await back.pool.query("update settings set value = 'later' where key = 'kept'");
      assert.equal((await upgrade(back, newer, log)).copy, kept);
      assert.deepEqual(
        (await recordCopy(place.directory))?.had,
        migrations.map(({ name }) => name),
      );
      await back.close();
      assert.deepEqual((await readdir(place.directory)).toSorted(), ["before-upgrade", "lock.db", "pgdata", "pgdata.newer"]);
    });

    test("a schema from a newer version is refused", async () => {
      await using place = await prepare();
      const { db, pool } = await place.open();
      await migrate(db, [...migrations, { name: "9999-future", sql: "create table future (a int)" }]);
      await assert.rejects(migrate(db, migrations), { code: "state.newer", message: /9999-future/, advice: /Update/ });
      // A service leaves its version: the way back to what ran here is named.
      await pool.query("insert into settings (key, value) values ($1, '7.8.9')", [versionSetting]);
      await assert.rejects(migrate(db, migrations), { advice: /Update Hermes Team to at least version 7\.8\.9/ });
      assert.deepEqual((await pool.query("select * from future")).rows, []);
    });
  });
}

test("a record that its disk has no room for twice is not copied, and the copy before stays", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "hermes-copy-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const record = join(directory, "pgdata");
  await mkdir(record);
  await writeFile(join(record, "rows"), Buffer.alloc(3 * 1024 * 1024));
  const about = { had: ["0001"], upgradedTo: "0002" };
  const free = (megabytes: number) => async () => megabytes * 1024 * 1024;
  const copy = await copyRecord(directory, about, free(140));
  assert.ok("path" in copy);
  assert.deepEqual(await copyRecord(directory, { ...about, upgradedTo: "0003" }, free(100)), {
    left: "the disk has 103 MB for it, which takes 3 MB and leaves less than 128 MB for the rest",
  });
  assert.equal((await recordCopy(directory))?.upgradedTo, "0002");
  // The one before it counts as room.
  assert.ok("path" in (await copyRecord(directory, { ...about, upgradedTo: "0003" }, free(129))));
  assert.deepEqual(await readdir(join(copy.path, "pgdata")), ["rows"]);
  assert.equal((await recordCopy(directory))?.upgradedTo, "0003");
});

test("the copy before stays until the new one is whole, and until an upgrade has come to its end, whichever version brings it there", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "hermes-copy-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  // The record lies on another disk.
  await mkdir(join(directory, "elsewhere"));
  await symlink("elsewhere", join(directory, "pgdata"));
  const copied = async (row: string, had: number, upgradedTo: number) => {
    await writeFile(join(directory, "pgdata", "row"), row);
    const names = Array.from({ length: had }, (_, at) => `${at + 1}`);
    const outcome = await copyRecord(directory, { had: names, upgradedTo: `${upgradedTo}` });
    return "left" in outcome ? outcome.left : await readFile(join(outcome.path, "pgdata", "row"), "utf8");
  };
  assert.equal(await copied("of two", 2, 5), "of two");
  assert.equal(await copied("broken off at three", 3, 6), "of two");
  assert.equal(await copied("broken off at five", 5, 7), "of two");
  const dangling = join(directory, "elsewhere", "dangling");
  await symlink("nowhere", dangling);
  assert.match(await copied("of seven", 7, 8), /nowhere|dangling/);
  assert.deepEqual((await recordCopy(directory))?.had, ["1", "2"]);
  assert.equal(await readFile(join(directory, "before-upgrade", "pgdata", "row"), "utf8"), "of two");
  await rm(dangling);
  assert.equal(await copied("of seven", 7, 8), "of seven");
  assert.deepEqual((await readdir(directory)).toSorted(), ["before-upgrade", "elsewhere", "pgdata"]);
});

const ends = ["commit", "rollback", "alone"] as const;

async function play(pool: PgPool, run: number, name: string, steps: number, end: (typeof ends)[number]): Promise<void> {
  const client = await pool.connect();
  try {
    if (end !== "alone") await client.query("begin");
    for (let step = 0; step < steps; step++) {
      // In a transaction: read, think, write. Another client's write in between would be lost.
      const { rows } = end === "alone" ? { rows: [] } : await client.query<{ n: number }>("select n from counter for update");
      await breathe();
      await client.query("update counter set n = coalesce($1::int, n) + 1", [rows[0]?.n ?? null]);
      await client.query("insert into seen values ($1, $2)", [run, name]);
    }
    if (end !== "alone") await client.query(end);
  } finally {
    client.release();
  }
}

/** Type, what goes in, what comes out. */
const values: readonly (readonly [type: string, value: unknown, expected: unknown])[] = [
  ["text", "naïve 🙂 \\ ' \"", "naïve 🙂 \\ ' \""],
  ["text", "", ""],
  ["text", undefined, null],
  ["text", "x".repeat(3_000_000), "x".repeat(3_000_000)],
  ["int", 7, 7],
  ["int8", 9_007_199_254_740_991, 9_007_199_254_740_991],
  ["int8", 9_007_199_254_740_993n, "9007199254740993"],
  ["float8", 0.1, 0.1],
  ["numeric", "1.50", "1.50"],
  ["bool", false, false],
  ["timestamptz", new Date(1_763_700_000_123), new Date(1_763_700_000_123)],
  ["bytea", Buffer.from([0, 255, 10]), Buffer.from([0, 255, 10])],
  ["jsonb", { a: [1, null, { b: "é" }] }, { a: [1, null, { b: "é" }] }],
  ["jsonb", JSON.stringify([1, 2]), [1, 2]],
  ["text[]", ["a", null, 'q"uo,te'], ["a", null, 'q"uo,te']],
  ["int8[]", [1, 2], ["1", "2"]],
  ["uuid", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"],
];

const mistakes = [
  ["select 1/0", { code: "22012", severity: "ERROR" }],
  ["selct", { code: "42601", position: "1" }],
  ["select * from nowhere", { code: "42P01" }],
  ["insert into child values (1, 1)", { code: "23503", constraint: "child_id_fkey", table: "child" }],
  ["insert into child values (null, 0)", { code: "23514", constraint: "child_n_check" }],
  ["select 'x'::int", { code: "22P02" }],
] as const;
