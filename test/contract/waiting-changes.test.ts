import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import type { InboundMessage } from "../../src/core/inbound.ts";
import { narrowedKey, seatChat } from "../../src/core/terminal.ts";
import type { Db } from "../../src/store/hold.ts";
import { assignInbound, changeWaiting, storeInbound } from "../../src/store/inbox.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { dropOnceSeats } from "../../src/store/once-seats.ts";
import { admit } from "../../src/store/people.ts";
import { openSession } from "../../src/store/sessions.ts";
import { putSetting } from "../../src/store/settings.ts";
import { type Place, readyForms } from "./database-forms.ts";

const chat = { platform: "test", chat: "1", thread: null };
const ann = { platform: "test", id: "ann", name: "Ann" };

let place: Place;
let db: Db;
before(async () => {
  place = await readyForms.embedded();
  ({ db } = await place.open());
  await migrate(db, migrations);
});
after(() => place[Symbol.asyncDispose]());

test("what waits says what its message says now, without the command; what is asked again stays, unless it is deleted", async () => {
  const { id: person } = await admit(db, ann, "member");
  const { session } = await openSession(db, chat, "private");
  let event = 0;
  const waits = async (messageId: string, over: Partial<InboundMessage>) => {
    const base = {
      type: "message",
      key: `k${(event += 1)}`,
      chat,
      kind: "private",
      sender: ann,
      at: 0,
      addressed: true,
    } as const;
    const stored = await storeInbound(db, { ...base, text: "tpyo", messageId, ...over });
    await assignInbound(db, stored?.id ?? 0, session, person);
    return stored?.id ?? 0;
  };
  const change = async (messageId: string, text: string | null, sender = ann) =>
    await changeWaiting(db, { type: "change", key: `k${(event += 1)}`, chat, kind: "private", sender, at: 0, messageId, text });
  const now = async (id: number) => {
    const { status, inbound } = await db
      .selectFrom("inbox")
      .select(["status", "inbound"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    return status === "waiting" && inbound.type === "message" ? inbound.text : status;
  };
  const plain = await waits("1", {});
  const queued = await waits("2", { busy: "queue" });
  const skilled = await waits("3", { skills: ["k8s", "git"] });
  const again = await waits("4", { text: "the long request", again: true });
  for (const [message, text] of [
    ["1", "/tmp is full"],
    ["2", "/queue /tmp is full"],
    ["3", "/k8s /git why"],
    ["4", "/retry please"],
  ] as const)
    await change(message, text);
  await change("1", "not mine", { ...ann, id: "eve" });
  assert.deepEqual(await Promise.all([plain, queued, skilled, again].map(now)), [
    "/tmp is full",
    "/tmp is full",
    "why",
    "the long request",
  ]);
  await change("4", null);
  assert.equal(await now(again), "done");
});

test("which tools a conversation of one question has to do with is kept until a day after, and as long as it goes on", async () => {
  const { id: person } = await admit(db, ann, "member");
  const kept = async () => {
    await dropOnceSeats(db);
    const rows = await db.selectFrom("settings").select("key").where("key", "like", "toolsets:%").orderBy("key").execute();
    return rows.map(({ key }) => key.replace(/.*:/, ""));
  };
  for (const seat of ["main", "q-asking", "q-going", "q-new", "q-old"]) {
    await putSetting(db, narrowedKey(seatChat(seat)), "web");
    if (seat !== "q-asking") await openSession(db, seatChat(seat), "private");
  }
  const going = seatChat("q-going");
  const { session } = await openSession(db, going, "private");
  const stored = await storeInbound(db, {
    type: "message",
    key: "going",
    chat: going,
    kind: "private",
    sender: ann,
    at: 0,
    text: "hello",
    messageId: null,
    addressed: true,
  });
  await assignInbound(db, stored?.id ?? 0, session, person);
  assert.deepEqual(await kept(), ["main", "q-asking", "q-going", "q-new", "q-old"]);
  await sql`update conversations set created_at = now() - interval '2 days' where thread <> 'q-new'`.execute(db);
  assert.deepEqual(await kept(), ["main", "q-asking", "q-going", "q-new"]);
  await sql`update inbox set status = 'done' where key = 'going'`.execute(db);
  assert.deepEqual(await kept(), ["main", "q-asking", "q-new"]);
});
