import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { sql } from "kysely";
import type { Role } from "../../src/core/chats.ts";
import type { InboundMessage } from "../../src/core/inbound.ts";
import { createGateway } from "../../src/gateway/inlet.ts";
import type { GatewayParts } from "../../src/gateway/parts.ts";
import type { Db } from "../../src/store/hold.ts";
import { storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit } from "../../src/store/people.ts";
import { openSession } from "../../src/store/sessions.ts";
import { setTitle } from "../../src/store/titles.ts";
import { readyForms, silent } from "./database-forms.ts";

for (const form of ["embedded", "postgres"] as const) {
  suite(`${form}: a message that is nothing but words`, () => {
    const stack = new AsyncDisposableStack();
    let db: Db;
    let chats = 0;
    before(async () => {
      ({ db } = await stack.use(await readyForms[form]()).open());
      await migrate(db, migrations);
    });
    after(() => stack.disposeAsync());

    /** A message of somebody in a chat of their own; its session, if it has one. */
    async function message(role: Role | null, open: boolean) {
      const chat = { platform: "telegram", chat: String((chats += 1)), thread: null };
      const sender = { platform: "telegram", id: chat.chat, name: "Ann" };
      if (role !== null) await admit(db, sender, role);
      const session = open ? (await openSession(db, chat, "private")).session : null;
      const common = { chat, kind: "private", sender, at: 1, messageId: "1", addressed: true } as const;
      const inbound: InboundMessage = { ...common, type: "message", key: `telegram:1:update:${chat.chat}`, text: "hello" };
      return { inbound, session };
    }
    const rowOf = async (id: number) =>
      await db.selectFrom("inbox").select(["status", "session_id", "person_id"]).where("id", "=", id).executeTakeFirstOrThrow();

    test("waits in its chat's session from the moment it is stored, once", async () => {
      const { inbound, session } = await message("member", true);
      const stored = await storeInbound(db, inbound, true);
      assert.equal(stored?.assigned, true);
      const { status, session_id, person_id } = await rowOf(stored.id);
      assert.deepEqual([status, session_id, person_id], ["waiting", session, stored.route.person?.id]);
      assert.equal(await storeInbound(db, inbound, true), null);
    });

    test("is routed where something is to be decided: a stranger, a guest, no session, a question, or not so plain", async () => {
      for (const [role, open, plain] of [
        [null, true, true],
        ["guest", true, true],
        ["owner", false, true],
        ["owner", true, false],
      ] as const) {
        const { inbound } = await message(role, open);
        const stored = await storeInbound(db, inbound, plain);
        assert.equal(stored?.assigned, false, `${role} ${open} ${plain}`);
        assert.deepEqual(await rowOf(stored.id), { status: "new", session_id: null, person_id: null });
      }
      const { inbound, session } = await message("member", true);
      const first = await storeInbound(db, inbound, true);
      await sql`insert into turns (id, session_id, person_id, inbox_id) values ('t', ${session}, ${first?.route.person?.id}, ${first?.id})`.execute(
        db,
      );
      await sql`insert into questions (id, turn_id, session_id, step, position, digest, kind, question, messages, expires_at)
        values ('q', 't', ${session}, 0, 0, 'd', 'clarify', '{}', '[]', now() + interval '1 hour')`.execute(db);
      const answer = await storeInbound(db, { ...inbound, key: `${inbound.key}:answer` }, true);
      assert.deepEqual([answer?.assigned, answer?.route.asks], [false, true]);
    });

    test("is stored whatever is in it: what Postgres takes in no text is replaced, and nothing that looks like it", async () => {
      const { inbound, session } = await message("member", true);
      const sender = { ...inbound.sender, name: "\ud83dAnn" };
      const stored = await storeInbound(
        db,
        { ...inbound, sender, text: String.raw`\u0000 \ud83d ${"\0\ud83d\\\0🙂\ude42"}` },
        true,
      );
      assert.ok(stored?.assigned);
      const { inbound: kept } = await db
        .selectFrom("inbox")
        .select("inbound")
        .where("id", "=", stored.id)
        .executeTakeFirstOrThrow();
      assert.deepEqual(kept, {
        ...inbound,
        sender: { ...sender, name: "\ufffdAnn" },
        text: String.raw`\u0000 \ud83d ${"\ufffd\ufffd\\\ufffd🙂\ufffd"}`,
      });
      await setTitle(db, session ?? "", "a\0b\ud83d");
      const [title] = await db.selectFrom("sessions").select("title").where("id", "=", session).execute();
      assert.equal(title?.title, "a\ufffdb\ufffd");
    });

    test("waits for what came before it, also where a gateway has gone in the middle of that", async (t) => {
      const { inbound } = await message("member", true);
      const file = { kind: "picture", name: "a.png", size: 1, ref: "r" } as const;
      const event = (key: string, more: Partial<InboundMessage> = {}) => ({ ...inbound, ...more, key: `${inbound.key}:${key}` });
      const begin = (fetchFile: GatewayParts["fetchFile"]) => {
        const queues = { queue: () => ({ wake: async () => undefined }) };
        const known = { db, log: silent, queues, commands: [], busy: "queue", names: { turns: "turns" } };
        // Boundary: of the gateway, no more than requests take.
        return createGateway({ ...known, metrics: { messageIn() {} }, access: {}, fetchFile } as unknown as GatewayParts);
      };
      const statuses = async () => {
        const rows = await db
          .selectFrom("inbox")
          .select("status")
          .where("key", "like", `${inbound.key}:%`)
          .orderBy("id")
          .execute();
        return rows.map(({ status }) => status);
      };
      const asked = Promise.withResolvers<void>();
      const first = begin(async (_platform, _file, _limit, signal) => {
        asked.resolve();
        await once(signal, "abort");
        throw signal.reason;
      });
      await first.receive(event("1", { files: [file] }));
      await first.receive(event("2"));
      await asked.promise;
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const settled = first.settled();
      t.mock.timers.tick(5_000);
      await settled;
      t.mock.timers.reset();
      assert.deepEqual(await statuses(), ["new", "new"]);
      const fetched = Promise.withResolvers<Uint8Array>();
      const second = begin(() => fetched.promise);
      await second.sweep(["telegram"]);
      await second.sweep(["telegram"], 0);
      await second.receive(event("3"));
      assert.deepEqual(await statuses(), ["new", "new", "new"]);
      fetched.resolve(Buffer.from("x"));
      await second.settled();
      assert.deepEqual(await statuses(), ["waiting", "waiting", "waiting"]);
    });
  });
}
