import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import * as commands from "../../src/commands/index.ts";
import type { Command } from "../../src/core/command.ts";
import { kept } from "../../src/core/maps.ts";
import type { Inbound, InboundMessage } from "../../src/core/inbound.ts";
import type { Question } from "../../src/core/question.ts";
import type { Queues } from "../../src/core/queue.ts";
import { createGateway } from "../../src/gateway/inlet.ts";
import type { GatewayParts } from "../../src/gateway/parts.ts";
import { requestCompress } from "../../src/store/compactions.ts";
import type { Db } from "../../src/store/hold.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { readyForms as forms, silent } from "./database-forms.ts";

const chat = { platform: "test", chat: "1", thread: null };
const ann = { platform: "test", id: "ann", name: "Ann" };

for (const [form, prepare] of Object.entries(forms)) {
  suite(`what a chat's events ask for: ${form}`, () => {
    test("a command whose answer can't be written is done once all the same; what can't be stored is told of to whoever is in", async () => {
      const allowed = new Set(["test:ann"]);
      const told = new Map<string, string[]>();
      await using rig = await openRig(prepare, {
        access: { open: false, pairing: true, localPlatforms: [], allowed },
        tell: async (where, words) => void kept(told, where.chat, () => []).push(words),
      });
      const { db, said, say, count } = rig;
      await say("hello");
      /** Typed while nothing can be said, and taken up again by the sweep. */
      const troubled = async (event: Partial<InboundMessage> | string) => {
        const before = (await said()).length;
        await rig.mute(true);
        await say(event);
        await say("/version");
        await rig.mute(false);
        await rig.sweep();
        assert.ok((await said()).length > before, JSON.stringify(event));
        return (await said()).slice(before);
      };
      await troubled("/cron add every 2h look at the disk --yes --name disk");
      assert.equal(await count(sql`schedules`), 1);
      await troubled("/cron run disk");
      assert.equal(await count(sql`schedule_runs`), 1);
      // Nothing works on the message here, and a copy is made of what rests.
      await sql`update inbox set status = 'done' where status = 'waiting'`.execute(db);
      await troubled("/branch other");
      assert.equal(await count(sql`sessions`), 2);
      // What shows the tools goes on by one at a time.
      assert.match((await troubled("/verbose"))[0] ?? "", /each call|don't show|begin to use/);
      const { value: first } = await db.selectFrom("chat_settings").select("value").executeTakeFirstOrThrow();
      await troubled("/verbose");
      await troubled("/verbose");
      await troubled("/verbose");
      assert.equal((await db.selectFrom("chat_settings").select("value").executeTakeFirstOrThrow()).value, first);
      const person = (await db.selectFrom("people").select("id").executeTakeFirstOrThrow()).id;
      await db
        .insertInto("memories")
        .values({ scope: "person", owner: person, target: "memory", text: "one\n§\ntwo\n§\nthree" })
        .execute();
      const remembered = async () => (await db.selectFrom("memories").select("text").executeTakeFirstOrThrow()).text;
      assert.match((await troubled("/memory forget 1"))[0] ?? "", /Forgotten: .*one/);
      assert.equal(await remembered(), "two\n§\nthree");
      await say("/memory forget 2");
      assert.match((await troubled("/memory undo"))[0] ?? "", /I remember .*three.* again/);
      assert.equal(await remembered(), "two\n§\nthree");
      // On the embedded record one that reached past its transaction would wait for itself.
      const whole = Object.values<Command>(commands).filter((each) => each.whole === true);
      for (const { name } of whole) {
        await say(`/${name}`);
        assert.deepEqual(await rig.unrouted(), [], name);
      }
      // Of a disk that takes nothing more those are told who are in, once, and no stranger.
      await sql`create trigger full_disk before insert on inbox for each row execute function mute()`.execute(db);
      allowed.clear();
      const stranger = { sender: { ...ann, id: "bob" }, chat: { ...chat, chat: "2" } };
      // The platform itself says of a menu's command that it is not done.
      const chosen = { menu: true, chat: { ...chat, chat: "3" } } as const;
      for (const event of [stranger, chosen, {}, {}])
        await assert.rejects(rig.receive(rig.event({ text: "hi", ...event })), { code: "state.unavailable" });
      while (told.size === 0) await setImmediate();
      assert.deepEqual([...told.keys(), told.get("1")?.length], ["1", 1]);
      assert.match(told.get("1")?.[0] ?? "", /can't store messages right now/);
    });

    test("a stop, an answer and what is said after them wait for no file that is still on its way", async () => {
      let asked = 0;
      const hangs = (signal: AbortSignal) =>
        new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
      await using rig = await openRig(prepare, {
        fetchFile: async (_platform, _file, _limit, signal) => ((asked += 1), await hangs(signal)),
      });
      const { db, said, receive, event } = rig;
      const until = async (is: () => Promise<boolean>) => {
        while (!(await is())) await setImmediate();
      };
      const stateOf = async (text: string) =>
        (
          await db
            .selectFrom("inbox")
            .select("status")
            .where(sql`inbound->>'text'`, "=", text)
            .executeTakeFirst()
        )?.status;
      const at = (text: string, status: string) => until(async () => (await stateOf(text)) === status);
      const file = { kind: "document", name: "a.txt", size: 1, ref: "a" } as const;
      await receive(event({ text: "look", files: [file] }));
      await until(async () => asked > 0);
      await receive(event("behind it"));
      await receive(event("/title Behind it, too"));
      const asking = ["/queue restart it", "/q Restart it", "/retry", "/k8s restart it"];
      let silences = 0;
      for (const each of asking) await rig.gateway.receive(event(each), () => void (silences += 1));
      await receive(event("/approve"));
      await at("/approve", "done");
      assert.equal(await stateOf("behind it"), "new");
      // It takes what is not yet a turn, and leaves commands; what comes after it is none of its business.
      await receive(event("/stop"));
      await receive(event("something else"));
      await at("something else", "waiting");
      assert.deepEqual(await Promise.all(["look", "behind it", "/title Behind it, too"].map(stateOf)), ["done", "done", "done"]);
      assert.deepEqual(await Promise.all(asking.map(stateOf)), ["done", "done", "done", "done"]);
      assert.equal(await stateOf("restart it"), undefined);
      assert.match((await said()).join("\n"), /6/);
      // Taken up once more, it still concerns what came before it.
      await sql`update inbox set status = 'new' where inbound->>'text' = '/stop'`.execute(db);
      await rig.sweep();
      assert.equal(await stateOf("something else"), "waiting");
      const words = (await said()).length;
      // A command's file is let go of like any other, and nothing is said of what was dropped.
      await receive(event({ text: "/queue look again", files: [file] }));
      await until(async () => asked > 1);
      await receive(event("/stop"));
      await receive(event("something more"));
      await at("something more", "waiting");
      assert.equal(await stateOf("look again"), "done");
      assert.deepEqual([(await said()).length, silences], [words + 1, asking.length]);
      // What is asked by a skill's name while a turn runs becomes part of it: its own place waits for no answer.
      await sql`insert into turns (id, session_id, person_id, inbox_id)
        select 't', session_id, person_id, id from inbox where inbound->>'text' = 'something more'`.execute(db);
      await sql`insert into skill_bundles (hash, meta) values ('h', '{}')`.execute(db);
      await sql`insert into skills (scope, owner, name, bundle, origin, verdict) values ('team', '', 'k8s', 'h', '{}', '{}')`.execute(
        db,
      );
      await receive(event({ text: "/k8s why", messageId: "interaction:1" }));
      await at("why", "waiting");
      await rig.gateway.settled();
      const { body } = await db.selectFrom("outbox").select("body").orderBy("id", "desc").executeTakeFirstOrThrow();
      assert.deepEqual([body.markdown, body.replyTo], ["I take that in at my next step.", "interaction:1"]);
    });

    test("what is taken up late, and a message that interrupts, concern nothing that came after them", async () => {
      await using rig = await openRig(prepare, { busy: "interrupt" });
      const { db, say } = rig;
      const words = ["hello", "/approve", "/stop", "/new"];
      for (const each of words) await say(each);
      // A worker that has a request as soon as it waits.
      await sql`create function at_once() returns trigger language plpgsql as 'begin
        insert into turns (id, session_id, person_id, inbox_id) values (new.key, new.session_id, new.person_id, new.id); return new; end'`.execute(
        db,
      );
      await sql`create trigger at_once after insert or update of status on inbox for each row when (new.status = 'waiting') execute function at_once()`.execute(
        db,
      );
      await say("now");
      const { id, session_id: session, ...turn } = await db.selectFrom("turns").selectAll().executeTakeFirstOrThrow();
      assert.equal(turn.stop_requested, false, "it stopped itself");
      await sql`insert into questions (id, turn_id, session_id, step, position, digest, kind, question, messages, expires_at)
        values ('q', ${id}, ${session}, 1, 1, '', 'approval', ${JSON.stringify(question)}::jsonb, '[]', now() + interval '1 hour')`.execute(
        db,
      );
      const { person_id: person } = turn;
      await requestCompress(db, session, { key: id, person, chat, replyTo: null, focus: "" });
      const state = async () =>
        (
          await sql<Readonly<Record<string, unknown>>>`
            select t.stop_requested as stopped, q.status as asked, s.compress_requested is not null as shortens
            from turns t, questions q, sessions s where s.id = ${session}`.execute(db)
        ).rows[0];
      const untouched = { stopped: false, asked: "open", shortens: true };
      for (const each of words.slice(1)) {
        // Left behind by a gateway that died, and found by a sweep.
        await sql`update inbox set status = 'new' where inbound->>'text' = ${each}`.execute(db);
        await rig.sweep();
        assert.deepEqual(await rig.unrouted(), []);
        assert.deepEqual(await state(), untouched, each);
      }
      await sql`update sessions set ended_at = null where id = ${session}`.execute(db);
      await say("/approve");
      assert.deepEqual(await state(), { ...untouched, asked: "answered" });
      await say("/stop");
      assert.deepEqual(await state(), { stopped: true, asked: "answered", shortens: false });
    });
  });
}

const question: Question = {
  kind: "approval",
  text: "May it?",
  choices: ["Once", "Deny"],
  leave: ["once", "deny"],
  digest: "",
  lifetimeMs: 3_600_000,
  mayAnswer: { type: "asker" },
};

/** A gateway over a record of its own, with nothing behind it. */
async function openRig(prepare: (typeof forms)[keyof typeof forms], over: Partial<GatewayParts> = {}) {
  const place = await prepare();
  const { db } = await place.open();
  await migrate(db, migrations);
  await sql`create function mute() returns trigger language plpgsql as 'begin raise exception ''no words''; end'`.execute(db);
  const gateway = createGateway({ ...partsOf(db), ...over });
  let events = 0;
  const event = (over: Partial<InboundMessage> | string): InboundMessage => ({
    type: "message",
    key: `event:${(events += 1)}`,
    chat,
    kind: "private",
    sender: ann,
    at: 0,
    messageId: String(events),
    addressed: true,
    text: "",
    ...(typeof over === "string" ? { text: over } : over),
  });
  const receive = async (inbound: Inbound) => await gateway.receive(inbound);
  return {
    db,
    gateway,
    event,
    receive,
    async say(over: Partial<InboundMessage> | string) {
      await receive(event(over));
      await gateway.settled();
    },
    async said() {
      const rows = await db.selectFrom("outbox").select("body").orderBy("id").execute();
      return rows.map(({ body }) => body.markdown);
    },
    async count(table: ReturnType<typeof sql>) {
      return (await sql<{ n: number }>`select count(*)::int as n from ${table}`.execute(db)).rows[0]?.n;
    },
    async unrouted() {
      return await db.selectFrom("inbox").select("key").where("status", "=", "new").execute();
    },
    async mute(on: boolean) {
      if (on) await sql`create trigger mute before insert on outbox for each row execute function mute()`.execute(db);
      else await sql`drop trigger mute on outbox`.execute(db);
    },
    /** As if a while had passed. */
    async sweep() {
      await sql`update inbox set received_at = now() - interval '1 minute'`.execute(db);
      await gateway.sweep([chat.platform]);
      await gateway.settled();
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

function partsOf(db: Db): GatewayParts {
  const nothing = async () => undefined;
  const queue = () => ({ wake: nothing, sweep: nothing });
  const queues: Queues = { queue, consume: () => Promise.reject(new Error("none")), health: async () => null, close: nothing };
  const live = {
    publish() {},
    signal() {},
    subscribe: async () => ({ close: nothing }),
    onSignal: async () => ({ close: nothing }),
    close: nothing,
  };
  return {
    db,
    queues,
    live,
    log: silent,
    metrics: countless,
    access: { open: true, pairing: false, localPlatforms: [], allowed: new Set() },
    commands: Object.values(commands),
    version: "1",
    footers: () => ({ runtimeFooter: footer, platforms: { telegram: asAll, discord: asAll, slack: asAll, web: asAll } }),
    toolProgress: () => "all",
    language: "en",
    memory: { memory: 1_000, user: 1_000, team: null, teamWriters: "admin", home: null, notices: "on" },
    busy: "steer",
    names: { turns: "turns", deliveries: (platform) => `deliveries-${platform}` },
    facts: async () => ({ model: "none", server: "none", demonstration: true, sandbox: "none" }),
    models: { listings: async () => [], makeDefault: async () => "" },
    schedules: { db, rules: async () => ({ zone: "UTC", mostPerPerson: 5, fromRuns: false }), wake: nothing },
    skills: { db, rules: () => Promise.reject(new Error("none")), wake: nothing },
    fetchFile: () => Promise.reject(new Error("none")),
    tell: nothing,
  };
}

const footer = { enabled: false, fields: [] };
const asAll = { runtimeFooter: { enabled: null } };

const countless: GatewayParts["metrics"] = {
  messageIn() {},
  turnEnd() {},
  queueWait() {},
  modelCall() {},
  modelToolCalls() {},
  modelFailure() {},
  toolCall() {},
  delivery() {},
  rateLimited() {},
  render: async () => "",
};
