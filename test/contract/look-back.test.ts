import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { sql } from "kysely";
import { openReviews } from "../../src/agent/review.ts";
import type { ChatKind, Person } from "../../src/core/chats.ts";
import type { MemoryChange, MemoryOwner, MemoryRules } from "../../src/core/memory.ts";
import type { Model, ModelRequest, Models } from "../../src/core/model.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { entrySeparator, parseEntries, takeBack } from "../../src/memory/entries.ts";
import { keep } from "../../src/memory/keeping.ts";
import { personal } from "../../src/memory/scopes.ts";
import type { Db } from "../../src/store/hold.ts";
import { storeInbound } from "../../src/store/inbox.ts";
import { readMemory } from "../../src/store/memories.ts";
import { dropOldChanges, lastChange, undoChange } from "../../src/store/memory-changes.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { openSession } from "../../src/store/sessions.ts";
import { readyForms, silent } from "./database-forms.ts";

const rules: MemoryRules = { memory: 2_200, user: 1_375, team: 350, teamWriters: "admin", notices: "on", home: null };
const ann: Person = { id: "ann", name: "Ann", role: "member" };

suite("a look back", () => {
  const stack = new AsyncDisposableStack();
  let db: Db;
  before(async () => {
    ({ db } = await stack.use(await readyForms.embedded()).open());
    await migrate(db, migrations);
    await db.insertInto("people").values(ann).execute();
  });
  beforeEach(async () => void (await sql`truncate memories, memory_changes, memory_reviews, inbox, turns cascade`.execute(db)));
  after(() => stack.disposeAsync());

  const change = (made: MemoryChange, owner: MemoryOwner = personal(ann)) =>
    keep(db, { owner, author: "ann", origin: "command", turn: null, chat: null }, made, rules);
  const entries = async () => parseEntries((await readMemory(db, personal(ann))).memory.text);
  const undoLast = async () => {
    const last = await lastChange(db, [personal(ann)], "ann");
    const back = (text: string, made: { before: string | null; after: string | null }) =>
      takeBack(parseEntries(text), made)?.join(entrySeparator) ?? null;
    assert.equal((await undoChange(db, last?.id ?? 0, [personal(ann)], back)).type, "undone");
  };

  /** Looks back on what was said: the model sees the request, and in its first answer makes these calls; what it was asked. */
  async function looked(said: string, { kind = "private", kept = rules, answer = async () => [] }: Partial<Look> = {}) {
    await answered(db, kind, said);
    const asked: ModelRequest[] = [];
    const models = modelThat(async (request) => {
      asked.push(request);
      return asked.length === 1 ? await answer() : [];
    });
    const settings = async () => ({ every: 1, timeoutMs: 20_000 });
    const reviews = openReviews({
      db,
      models,
      metrics: openMetrics(),
      log: silent,
      rules: kept,
      settings,
      saved: async () => undefined,
    });
    await reviews.consider(readerIn(kind));
    // This model does not hear that it is to stop, so the look is whole.
    await reviews.close();
    return asked[0]?.messages.map(({ content }) => content) ?? null;
  }

  test("changes nothing that somebody has changed since it read the memory", async () => {
    await change({ action: "add", target: "memory", content: "Likes tea." });
    await change({ action: "add", target: "memory", content: "Lives in Bonn." });
    await looked("hello", {
      async answer() {
        await change({ action: "replace", target: "memory", oldText: "tea", content: "Likes tea, but not after six." });
        return [
          { action: "replace", target: "memory", old_text: "tea", content: "Likes coffee." },
          { action: "replace", target: "memory", old_text: "Bonn", content: "Lives in Berlin." },
          { action: "add", target: "memory", content: "Has a cat." },
        ];
      },
    });
    assert.deepEqual(await entries(), ["Likes tea, but not after six.", "Lives in Berlin.", "Has a cat."]);
  });

  test("is told what was taken away since the last one, and keeps no word of it for ever", async () => {
    const add = async (content: string) => await change({ action: "add", target: "memory", content });
    for (const entry of ["Has a bad knee.", "Likes tea.", "Likes teapots."]) await add(entry);
    await undoLast();
    await change({ action: "remove", target: "memory", oldText: "knee" });
    await change({ action: "remove", target: "memory", oldText: "Likes tea." });
    await add("Likes tea.");
    const [system] = (await looked("my knee hurts")) ?? assert.fail("no look");
    assert.match(system ?? "", /do not save again:\n- Has a bad knee\.\n- Likes teapots\.\n/);
    const [later] = (await looked("hello")) ?? assert.fail("no look");
    assert.doesNotMatch(later ?? "", /knee/, "what was said since does not have it");
    await sql`update memory_changes set created_at = now() - interval '9 days' where coalesce(before, after) like '%knee%'`.execute(
      db,
    );
    await dropOldChanges(db);
    const kept = await db.selectFrom("memory_changes").select(["before", "after"]).execute();
    assert.doesNotMatch(JSON.stringify(kept), /knee/);
    assert.match(JSON.stringify(kept), /tea/);
  });

  test("is told of it also where weeks pass before the next one", async () => {
    const aged = async () => {
      await sql`update memory_changes set created_at = now() - interval '9 days'`.execute(db);
      await dropOldChanges(db);
      return await db.selectFrom("memory_changes").select("id").execute();
    };
    await change({ action: "add", target: "memory", content: "Has a bad knee." });
    await change({ action: "remove", target: "memory", oldText: "knee" });
    assert.equal((await aged()).length, 1, "what was only added is of no more use");
    const [system] = (await looked("my knee hurts")) ?? assert.fail("no look");
    assert.match(system ?? "", /do not save again:\n- Has a bad knee\./);
    assert.equal((await aged()).length, 0);
    await change({ action: "add", target: "memory", content: "Likes tea." });
    await change({ action: "remove", target: "memory", oldText: "tea" });
    await sql`update memory_changes set created_at = now() - interval '91 days'`.execute(db);
    await dropOldChanges(db);
    assert.deepEqual(await db.selectFrom("memory_changes").select("id").execute(), []);
  });

  test("leaves out nothing that still waits in another chat", async () => {
    const elsewhere = { platform: "test", chat: "elsewhere", thread: null };
    const { session } = await openSession(db, elsewhere, "private");
    const said = {
      type: "message",
      key: "waits",
      chat: elsewhere,
      kind: "private",
      sender: { platform: "test", id: "ann", name: "Ann" },
    } as const;
    const stored = await storeInbound(db, { ...said, at: 0, text: "I moved to Bonn", messageId: null, addressed: true });
    const waiting = db.updateTable("inbox").where("id", "=", stored?.id ?? 0);
    await waiting.set({ status: "waiting", session_id: session, person_id: "ann" }).execute();
    assert.equal(await looked("hello"), null);
    await waiting.set({ status: "done" }).execute();
    assert.notEqual(await looked("hello again"), null);
  });

  test("does not read what a person only lets shared chats know", async () => {
    const said = "[Ann] see note [3]\n\n[Known of the writer, as they wish: Has a bad knee.]";
    const [, talk] = (await looked(said, { kind: "shared" })) ?? assert.fail("no look");
    assert.match(talk ?? "", /Person: \[Ann\] see note \[3\]$/);
  });

  test("costs nothing where nothing could be saved", async () => {
    const kept = { ...rules, memory: null };
    assert.equal(await looked("hello", { kind: "shared", kept }), null);
    assert.notEqual(await looked("hello", { kind: "private", kept }), null);
  });
});

interface Look {
  readonly kind: ChatKind;
  readonly kept: MemoryRules;
  answer(): Promise<readonly object[]>;
}

function readerIn(kind: ChatKind) {
  return { person: ann, chat: { platform: "test", chat: kind, thread: null }, kind } as const;
}

let answers = 0;

async function answered(db: Db, kind: ChatKind, said: string): Promise<void> {
  const { chat } = readerIn(kind);
  const { session } = await openSession(db, chat, kind);
  const key = `answered:${answers++}`;
  const inbound = { type: "message", key, chat, kind, sender: { platform: "test", id: "ann", name: "Ann" } } as const;
  const stored = await storeInbound(db, { ...inbound, at: 0, text: said, messageId: null, addressed: true });
  const turn = { id: key, session_id: session, person_id: "ann", inbox_id: stored?.id ?? 0, status: "answered" } as const;
  await db.insertInto("turns").values(turn).execute();
  const message = JSON.stringify({ role: "user", content: said });
  await db.insertInto("messages").values({ session_id: session, turn_id: key, person_id: "ann", message }).execute();
}

/** Models of one that answers with these calls of the memory tool. */
function modelThat(answer: (request: ModelRequest) => Promise<readonly object[]>): Models {
  const unasked = () => Promise.reject(new Error("not asked for here"));
  const model: Model = {
    name: "toy",
    server: "here",
    demonstration: false,
    facts: unasked,
    count: async () => null,
    async *stream(request) {
      const made = await answer(request);
      const calls = made.map((args, index) => ({ id: `c${index}`, name: "memory", arguments: JSON.stringify(args) }));
      const finish = calls.length > 0 ? "calls" : "stop";
      yield { type: "done", answer: { content: "", reasoning: "", calls, finish, textCalls: 0, malformed: [], usage } };
    },
  };
  return { current: unasked, auxiliary: async () => model, listings: unasked, close: async () => undefined };
}

const usage = {
  promptTokens: 1,
  completionTokens: 1,
  cachedTokens: null,
  firstTokenMs: 1,
  totalMs: 1,
  queuedMs: 0,
  promptPerSecond: null,
  tokensPerSecond: null,
};
