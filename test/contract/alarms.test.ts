import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { sql } from "kysely";
import { type ChatRef, chatKey } from "../../src/core/chats.ts";
import { type AlarmLimits, usualLimits } from "../../src/insights/alarms.ts";
import type { Db } from "../../src/store/hold.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { openSession } from "../../src/store/sessions.ts";
import { putSetting } from "../../src/store/settings.ts";
import { alarmWatch } from "../../workers/alarms.ts";
import { readyForms, silent } from "./database-forms.ts";

const telegram: ChatRef = { platform: "telegram", chat: "7", thread: null };

for (const [form, open] of Object.entries(readyForms)) {
  suite(`alarms: ${form}`, () => {
    const stack = new AsyncDisposableStack();
    let [db, others]: Db[] = [];
    let limits: AlarmLimits | null = usualLimits;
    const record = (): Db => {
      assert.ok(db);
      return db;
    };
    before(async () => {
      const place = stack.use(await open());
      ({ db } = await place.open());
      await migrate(db, migrations);
      others = form === "postgres" ? (await place.open()).db : db;
    });
    after(() => stack.disposeAsync());
    beforeEach(async () => {
      limits = usualLimits;
      await sql`truncate people, conversations, sessions, inbox, turns, model_calls, outbox, settings cascade`.execute(record());
      await sql`insert into people (id, name, role) values ('ada', 'Ada', 'owner'), ('bob', 'Bob', 'admin')`.execute(record());
      await wrote("ada", { platform: "web", chat: "page", thread: null }, "private");
      await wrote("ada", telegram, "private");
      await wrote("ada", { platform: "telegram", chat: "-9", thread: null }, "shared");
      await wrote("ada", { platform: "slack", chat: "D1", thread: null }, "private");
      await wrote("bob", { platform: "telegram", chat: "8", thread: null }, "private");
    });

    const wrote = async (person: string, chat: ChatRef, kind: "private" | "shared"): Promise<void> => {
      const { session } = await openSession(record(), chat, kind);
      await sql`insert into inbox (key, chat_key, inbound, person_id, session_id, status)
        values (${`${person}${chatKey(chat)}`}, ${chatKey(chat)}, '{}', ${person}, ${session}, 'done')`.execute(record());
    };
    const calls = async (count: number, valid: number, speed: number | null = 40, turn: string | null = null): Promise<void> => {
      await sql`insert into model_calls (turn_id, task, step, model, server, completion_tokens, total_ms, tokens_per_second, calls, valid_calls)
        select ${turn}, 'turn', 0, 'm', 's', 100, 1000, ${speed}, 10, ${valid} from generate_series(1, ${count})`.execute(
        record(),
      );
    };
    const tasks = async (count: number, steps: number, speed = 40): Promise<void> => {
      await sql`insert into turns (id, session_id, person_id, inbox_id, status, ended_at)
        select gen_random_uuid()::text, x.session_id, 'ada', x.id, 'answered', now() from generate_series(1, ${count}), (select * from inbox limit 1) x`.execute(
        record(),
      );
      await sql`insert into model_calls (turn_id, task, step, model, server, completion_tokens, total_ms, tokens_per_second)
        select t.id, 'turn', at, 'm', 's', 100, 1000, ${speed} from turns t, generate_series(1, ${steps}) at
        where not exists (select 1 from model_calls c where c.turn_id = t.id)`.execute(record());
      // Before everybody's newest calls: only how a task ended is among those.
      await sql`update model_calls set id = -id where id > 0 and turn_id is not null and step < ${steps}`.execute(record());
    };
    const woken: string[] = [];
    const watch = (on: Db | undefined = db) =>
      alarmWatch({
        db: on ?? record(),
        log: silent,
        limits: async () => limits,
        served: ["web", "terminal", "telegram"],
        localPlatforms: ["web", "terminal"],
        wake: async (chats) => void woken.push(...chats),
      });
    const told = async () => {
      const rows = await record().selectFrom("outbox").select(["chat_key", "body"]).orderBy("id").execute();
      assert.ok(
        rows.every(({ chat_key }) => chat_key === chatKey(telegram)),
        "the owner's own chat, where they are reached",
      );
      return rows.map(({ body }) => body.markdown);
    };

    test("each owner is told once, all in one message, with the advice, and once more when it is well again", async () => {
      const look = watch();
      await calls(2_000, 9, 9.6);
      await tasks(20, 12, 9.6);
      await look();
      const [first = ""] = await told();
      assert.match(
        first,
        /Tool calls: 90 % of the last 200 were valid as they came, and it should be 95 %.*reasoning_effort xhigh.*70B/,
      );
      assert.match(first, /written at 9\.6 tokens a second \(median\), and it should be 20\./);
      assert.match(first, /Model calls a task: 12 on average in the last 20 tasks, and it should be 10 at most/);
      await calls(1, 9, 9.6);
      await Promise.all([look(), watch()(), watch(others)()]);
      assert.equal((await told()).length, 1, "it lasts, and nothing is said again: not after a restart, not by another process");
      await calls(20, 10);
      await look();
      const [, second = ""] = await told();
      assert.match(
        second,
        /^\*\*Well again:\*\*\n\n- Tool calls: 100 % of the last 200 were valid as they came, after a minute\.$/,
      );
      await tasks(20, 5);
      await look();
      const [, , third = "", ...more] = await told();
      assert.match(third, /- Speed: the last 50 answers were written at 40 tokens.*\n- Model calls a task: 5 on average/);
      assert.deepEqual(more, []);
      assert.ok(woken.includes(chatKey(telegram)));
    });

    test("many processes that look at once tell it once", async () => {
      await calls(20, 5);
      await Promise.all([db, others, db, others, db].map((each) => watch(each)()));
      assert.equal((await told()).length, 1);
    });

    test("a figure that wavers at its limit is told of once; few calls, failed ones and old ones say nothing", async () => {
      const look = watch();
      await calls(4, 0, 1);
      await look();
      await sql`update model_calls set created_at = now() - interval '8 days'`.execute(record());
      await calls(4, 0, 1);
      await look();
      assert.deepEqual(await told(), []);
      await sql`truncate model_calls`.execute(record());
      for (const valid of [9, 10, 9, 10, 9, 10, 9, 10]) await calls(3, valid, 20);
      await look();
      assert.equal((await told()).length, 0, "95 % is what it should be");
      await calls(1, 8, 20);
      await look();
      for (const valid of [10, 10, 9, 10, 9, 10]) {
        await calls(1, valid, 20);
        await look();
      }
      assert.equal((await told()).length, 1);
    });

    test("limits are the configured ones; an alarm that is switched off is over without a word; a spoilt note counts as none", async () => {
      const look = watch();
      await calls(20, 9, 30);
      limits = { toolAccuracy: 0.85, tokensPerSecond: 0, iterations: 0 };
      await look();
      assert.deepEqual(await told(), []);
      limits = { ...limits, tokensPerSecond: 60 };
      await look();
      assert.equal((await told()).length, 1, "without another call: the limit is another");
      limits = null;
      await look();
      assert.equal((await told()).length, 1);
      for (const spoilt of ["", "null", "[]", '{"toolAccuracy":"x","__proto__":1,"other":5}']) {
        await putSetting(record(), "alarms", spoilt);
        limits = usualLimits;
        await watch()();
      }
      assert.equal((await told()).length, 5);
    });

    test("as long as no owner can be written to nothing counts as told: whoever comes to own the bot is", async () => {
      await sql`update people set role = 'member'`.execute(record());
      await calls(20, 9);
      const look = watch();
      await look();
      assert.deepEqual(await told(), []);
      await sql`update people set role = 'owner' where id = 'ada'`.execute(record());
      await look();
      assert.match((await told()).join(), /Tool calls: 90 %/);
    });
  });
}
