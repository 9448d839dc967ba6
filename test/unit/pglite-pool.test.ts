import assert from "node:assert/strict";
import { once } from "node:events";
import test, { suite } from "node:test";
import fc from "fast-check";
import { PGlite } from "@electric-sql/pglite";
import { frame, frames } from "../../src/store/pg-frames.ts";
import { applyListens } from "../../src/store/pg-listen.ts";
import { createPglitePools, type PglitePoolOptions } from "../../src/store/pglite-pool.ts";
import { recordFolder } from "../services/records.ts";

suite("PGlite pool", () => {
  test("a client that sits in a transaction is cut off and rolled back, and the others go on", async () => {
    await using opened = await open({ idleInTransactionMs: 50 });
    const { pool } = opened;
    await pool.query("create table t (a int)");
    const client = await pool.connect();
    const broken = once(client, "error");
    client.on("error", () => {}); // pg reports the end of the connection as a second one
    await client.query("begin");
    await client.query("insert into t values (1)");
    const others = Promise.all([1, 2, 3].map((a) => pool.query("insert into t values ($1 + 1)", [a])));
    const [error] = await broken;
    assert.equal(error.code, "25P03");
    await others;
    assert.deepEqual((await pool.query("select a from t order by a")).rows, [{ a: 2 }, { a: 3 }, { a: 4 }]);
    await assert.rejects(client.query("select 1"));
    client.release(true);
  });

  test("a client given back broken in its transaction leaves nothing of it", async () => {
    await using opened = await open();
    const { pool } = opened;
    await pool.query("create table t (a int)");
    const client = await pool.connect();
    await client.query("begin; insert into t values (1)");
    client.release(true);
    assert.deepEqual((await pool.query("select * from t")).rows, []);
  });

  test("clients that only listen hold up nobody, however many", async () => {
    await using opened = await open();
    const { pool } = opened;
    const listeners = await Promise.all(Array.from({ length: 50 }, () => pool.connect()));
    await Promise.all(listeners.map((client) => client.query("listen all_of_us")));
    const heard = Promise.all(listeners.map((client) => once(client, "notification")));
    await pool.query("notify all_of_us, 'hello'");
    assert.equal((await heard).length, 50);
    for (const client of listeners) client.release();
  });
});

suite("wire frames", () => {
  test("cut anywhere, whole messages come out whole", () => {
    const message = fc.record({ type: fc.constantFrom("Q", "P", "Z"), body: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(message), fc.nat(), (messages, seed) => {
        const bytes = Buffer.concat(messages.map(({ type, body }) => frame(type, body)));
        const cut = bytes.length === 0 ? 0 : seed % bytes.length;
        const first = frames(bytes.subarray(0, cut));
        const second = frames(Buffer.concat([first.rest, bytes.subarray(cut)]));
        const read = [...first.complete, ...second.complete].map(({ type, bytes: whole }) => ({
          type,
          body: [...whole.subarray(5)],
        }));
        assert.deepEqual(
          read,
          messages.map(({ type, body }) => ({ type, body: [...body] })),
        );
        assert.equal(second.rest.length, 0);
      }),
    );
  });
});

suite("LISTEN in SQL", () => {
  const cases = [
    ["LISTEN Foo", ["foo"], false],
    ['-- why\n  listen "Foo";\n/* a\n b */ listen bar;', ["Foo", "bar"], false],
    ["listen a; unlisten a", [], true],
    ["unlisten *", [], true],
    ["select 'listen'; insert into listen values (1)", [], false],
  ] as const;
  for (const [sql, channels, dropped] of cases) {
    test(JSON.stringify(sql), () => {
      const heard = new Set<string>();
      assert.equal(applyListens(heard, [null, sql]), dropped);
      assert.deepEqual([...heard], channels);
    });
  }
});

async function open(options: PglitePoolOptions = {}) {
  const folder = await recordFolder("no tables");
  const db = await PGlite.create(`${folder.path}/pgdata`);
  const { record: pool, queue } = createPglitePools(db, options);
  return {
    pool,
    queue,
    async [Symbol.asyncDispose]() {
      await Promise.all([pool.end(), queue.end()]);
      await db.close();
      folder[Symbol.dispose]();
    },
  };
}
