import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import { type Placed, partsOf } from "../../src/agent/compression/boundaries.ts";
import { type Cause, compress, type Compressed, type Task } from "../../src/agent/compression/compress.ts";
import { type CompressionSettings, openCompressor } from "../../src/agent/compression/compressor.ts";
import { baseline, silentCut } from "../../src/agent/compression/silent-cut.ts";
import type { CompressSetting } from "../../src/agent/compression/summarise.ts";
import { transcriptPieces } from "../../src/agent/compression/summary.ts";
import { headTokens, messagesTokens, textTokens } from "../../src/agent/compression/tokens.ts";
import { messagesOf, viewOf } from "../../src/agent/compression/view.ts";
import { Failure } from "../../src/core/failures.ts";
import type { Model, ModelFacts, ModelMessage, ModelRequest, ServerKind } from "../../src/core/model.ts";
import { type Compaction, storeCompaction } from "../../src/store/compactions.ts";
import type { Db } from "../../src/store/hold.ts";
import { readHistory } from "../../src/store/journal.ts";
import { claimSession } from "../../src/store/work.ts";
import type { Viewer } from "../../src/core/chats.ts";
import { sql } from "kysely";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { openSession, type SessionInfo } from "../../src/store/sessions.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { readyForms as forms, silent } from "../contract/database-forms.ts";

/** A turn: a request, steps with calls and their results, an answer. Lengths in characters. */
interface TurnShape {
  readonly asked: number;
  readonly steps: readonly (readonly number[])[];
  readonly answered: number;
}

const turnShape = fc.record({
  asked: fc.integer({ min: 5, max: 1_500 }),
  steps: fc.array(fc.array(fc.integer({ min: 5, max: 6_000 }), { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
  answered: fc.integer({ min: 5, max: 1_500 }),
});

const settingsShape = fc.record({
  enabled: fc.constant(true),
  threshold: fc.double({ min: 0.2, max: 0.95, noNaN: true }),
  targetRatio: fc.double({ min: 0.05, max: 0.8, noNaN: true }),
  protectFirst: fc.nat(8),
  protectLast: fc.nat(30),
  messageLimit: fc.integer({ min: 10, max: 400 }),
  answerTokens: fc.constant(null),
});

const system = "You help a team. ".repeat(20);

suite("shortening a conversation", () => {
  const stack = new AsyncDisposableStack();
  let db: Db;
  let info: SessionInfo;

  before(async () => {
    const place = stack.use(await forms.embedded());
    ({ db } = await place.open());
    await migrate(db, migrations);
    const chat = { platform: "page", chat: "1", thread: null };
    const opened = await openSession(db, chat, "private");
    info = { ...opened, chat, kind: "private", prompt: { system, tools: [] }, choice: null };
  });
  after(async () => await stack.disposeAsync());

  const setting = (model: Model): CompressSetting => {
    const models = { current: async () => model, auxiliary: async () => model, listings: async () => [], close: async () => {} };
    return {
      db,
      hold: { session: info.session, fence: 1 },
      info,
      viewer: { kind: "system" },
      person: "ada",
      turn: null,
      step: 0,
      model,
      metrics: openMetrics(),
      compressor: openCompressor({ models, log: silent, settings: async () => assert.fail("not asked here") }),
      signal: new AbortController().signal,
      emit: () => undefined,
    };
  };

  test("no result stands alone, nothing leaves the view unread, and the newest stays, however often", async () => {
    let summaries = 0;
    const causes = fc.constantFrom<Cause>("length", "messages", "refused", "asked");
    const rounds = fc.array(fc.tuple(fc.array(turnShape, { minLength: 1, maxLength: 10 }), causes), {
      minLength: 1,
      maxLength: 4,
    });
    const run = async (shapes: RoundsOf<typeof rounds>, settings: CompressionSettings, window: number, side: number) => {
      const small = reader(side);
      const compressing = setting(small.model);
      const journal: Placed[] = [];
      let last: Compaction | null = null;
      for (const [turns, cause] of shapes) {
        for (const turn of turns) journal.push(...messagesOfTurn(turn, journal.length));
        const task: Task = { journal, last, settings, window, ratio: 1, cause, summary: true, focus: "" };
        const compressed: Compressed = await compress(compressing, task);
        assert.notEqual(compressed.type, "aborted");
        if (compressed.type === "failed") assert.fail(compressed.failure.message);
        if (compressed.type !== "done") continue;
        const { made } = compressed;
        const messages = messagesOf(viewOf(journal, made));
        assertPaired(messages);
        const shown = messages.map(({ content }) => content).join("\n");
        const read = small.read();
        const found = new Set([shown, read].flatMap((text) => text.match(/mark-\d+\./g) ?? []));
        for (const { id } of journal) assert.ok(found.has(`mark-${id}.`), `mark-${id} was dropped unread`);
        assert.equal(messages.at(-1), journal.at(-1)?.message);
        const request = journal.findLast(({ message }) => message.role === "user");
        assert.ok(shown.includes(request?.message.content ?? "nothing"));
        if (made.summary !== (last?.summary ?? null)) summaries += 1;
        if (made.summary !== null) assert.match(shown, /For reference only: it is history/);
        const is = headTokens(info.prompt) + messagesTokens(messages);
        assert.equal(made.after.tokens, Math.round(is));
        assert.ok(made.after.tokens < made.before.tokens || made.after.messages < made.before.messages);
        last = made;
      }
    };
    const windows = fc.integer({ min: 4_096, max: 40_000 });
    const sides = fc.constantFrom(2_048, 4_096, 8_192, 65_536);
    await fc.assert(fc.asyncProperty(rounds, settingsShape, windows, sides, run), { numRuns: 120 });
    assert.ok(summaries > 40, `${summaries} summaries`);
  });

  test("of a shortened session's journal only what is shown is read, with all of the running turn", async () => {
    await sql`insert into people (id, name, role) values ('ada', 'Ada', 'owner'), ('ben', 'Ben', 'member')`.execute(db);
    await sql`insert into inbox (id, key, chat_key, inbound, status) values (1, 'k', 'c', '{}'::jsonb, 'done')`.execute(db);
    const turns = sql`insert into turns (id, session_id, person_id, inbox_id, status) values`;
    await sql`${turns} ('old', ${info.session}, 'ada', 1, 'answered'), ('now', ${info.session}, 'ada', 1, 'running')`.execute(db);
    const messages = sql`insert into messages (id, session_id, turn_id, person_id, message)`;
    await sql`${messages} select n, ${info.session}, case when n in (5, 9, 10) then 'now' else 'old' end, 'ada', '{"role": "user", "content": ""}'
      from generate_series(1, 10) n`.execute(db);
    const read = async (viewer: Viewer) => (await readHistory(db, viewer, info.session)).entries.map(({ id }) => id);
    const viewers = ["ada", "ben"].map((person): Viewer => ({ kind: "person", person, conversation: info.conversation }));
    const [ada, ben] = viewers;
    assert.ok(ada && ben);
    assert.deepEqual(await read(ada), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const claim = await claimSession(db, info.session, "w1", 60_000);
    assert.ok(claim);
    const extent = { messages: 1, tokens: 1 };
    const made = { head: 2, upto: 7, kept: [4], pruned: [8], summary: "of Ada's", before: extent, after: extent };
    await storeCompaction(db, claim.hold, ada, made);
    assert.deepEqual(await read(ada), [1, 2, 4, 5, 8, 9, 10]);
    assert.deepEqual(await read(ben), []);
    const compaction = async (viewer: Viewer) => (await readHistory(db, viewer, info.session)).compaction;
    assert.deepEqual(await compaction(ada), { head: 2, upto: 7, kept: [4], pruned: [8], summary: "of Ada's" });
    assert.equal(await compaction(ben), null);
    await assert.rejects(storeCompaction(db, { ...claim.hold, fence: 0 }, ada, made), { code: "turn.stale" });
  });

  test("a summary that fails changes nothing, and no other is asked for while the pause lasts", async () => {
    const failing = reader(32_768, () => new Failure("model.unreachable", "gone"));
    const compressing = setting(failing.model);
    const journal = Array.from({ length: 40 }, (_, turn) => turn).reduce<Placed[]>(
      (all) => [...all, ...messagesOfTurn({ asked: 600, steps: [], answered: 600 }, all.length)],
      [],
    );
    const settings = {
      enabled: true,
      threshold: 0.8,
      targetRatio: 0.2,
      protectFirst: 3,
      protectLast: 20,
      messageLimit: 400,
      answerTokens: null,
    };
    const task: Task = { journal, last: null, settings, window: 16_384, ratio: 1, cause: "length", summary: true, focus: "" };
    assert.equal((await compress(compressing, task)).type, "failed");
    assert.equal((await compress(compressing, task)).type, "none");
    assert.equal(failing.requests.length, 1);
    assert.equal((await compress(compressing, { ...task, cause: "asked" })).type, "failed");
    assert.equal(failing.requests.length, 2);
  });
});

suite("the parts of shortening", () => {
  test("a cut never parts a call from its results, whatever is wished", () => {
    const wish = fc.record({
      first: fc.nat(12),
      headRoom: fc.nat(4_000),
      last: fc.nat(30),
      tailRoom: fc.nat(8_000),
      lastRoom: fc.nat(8_000),
      lastOnly: fc.boolean(),
    });
    const cutting = (turns: readonly TurnShape[], wished: Parameters<typeof partsOf>[1]) => {
      const journal = turns.reduce<Placed[]>((all, turn) => [...all, ...messagesOfTurn(turn, all.length)], []);
      const { head, tail } = partsOf(journal, wished);
      assert.ok(head >= 0 && head <= tail && tail < journal.length);
      for (const at of [head, tail]) assertPaired(journal.slice(0, at).map(({ message }) => message));
      if (head > 0) assert.notEqual(journal[head - 1]?.message.role, "user");
    };
    fc.assert(fc.property(fc.array(turnShape, { minLength: 1, maxLength: 20 }), wish, cutting));
  });

  test("pieces of a transcript hold every character of what people and the agent said, and none is longer than asked", () => {
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom("a", " ", "漢", "😀", "7", "\n"), minLength: 1, maxLength: 3_000 }),
      { minLength: 1 },
    );
    const whole = (contents: readonly string[], tokens: number) => {
      const messages = contents.map((content): ModelMessage => ({ role: "user", content }));
      const pieces = transcriptPieces(messages, tokens);
      for (const piece of pieces) assert.ok(textTokens(piece) <= tokens + 1 && piece.isWellFormed());
      const bare = (text: string) => text.replaceAll(/PERSON: |\n\n/g, "");
      assert.equal(bare(pieces.join("\n\n")), bare(messages.map(({ content }) => `PERSON: ${content}`).join("\n\n")));
    };
    fc.assert(fc.property(texts, fc.integer({ min: 20, max: 2_000 }), whole));
  });

  test("a reading that stands still tells an Ollama's window, growth or a shorter prompt does not", async () => {
    const { signal } = new AbortController();
    const kind = (is: ServerKind) => reader(0, undefined, is).model;
    const before = { estimate: 4_000, read: 3_900 };
    const still = { estimate: 4_800, read: 4_050 };
    assert.equal(await silentCut(kind("ollama"), still, before, signal), 4_096);
    assert.equal(await silentCut(kind("llama-server"), still, before, signal), null);
    assert.equal(await silentCut(kind("ollama"), { estimate: 4_800, read: 4_500 }, before, signal), null);
    assert.equal(await silentCut(kind("ollama"), { estimate: 2_000, read: 1_900 }, before, signal), null);
    assert.equal(await silentCut(kind("ollama"), { estimate: 9_000, read: 3_800 }, null, signal), 4_096);
    const slow = baseline({ estimate: 4_200, read: 3_980 }, before);
    assert.equal(await silentCut(kind("ollama"), { estimate: 4_400, read: 3_990 }, slow, signal), 4_096);
  });
});

type RoundsOf<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never;

/** A model that refuses what does not fit its window, by our own count, and remembers what it has read. */
function reader(window: number, failure?: () => Failure, kind: ServerKind = "llama-server") {
  const requests: ModelRequest[] = [];
  const facts: ModelFacts = {
    kind,
    version: null,
    window,
    slots: 1,
    vision: false,
    tools: true,
    thinking: false,
    effort: false,
    remarks: [],
  };
  const model: Model = {
    name: "reader",
    server: "http://127.0.0.1:1/v1",
    demonstration: false,
    facts: async () => facts,
    count: async () => null,
    async *stream(request) {
      requests.push(request);
      const tokens = Math.ceil(messagesTokens(request.messages));
      const refused =
        tokens + (request.maxTokens ?? 0) <= window
          ? failure?.()
          : new Failure("model.overlong", `${tokens} tokens do not fit ${window}`, {
              sizes: { promptTokens: tokens, window, outputIsTheTrouble: false },
            });
      if (refused !== undefined) return yield { type: "failed", failure: refused, partial: "" };
      const usage = {
        promptTokens: tokens,
        completionTokens: 20,
        cachedTokens: null,
        firstTokenMs: null,
        totalMs: 1,
        queuedMs: 0,
        promptPerSecond: null,
        tokensPerSecond: null,
      };
      const content = `- Done: ${"what was done. ".repeat(10)} (${requests.length})`;
      yield { type: "done", answer: { content, reasoning: "", calls: [], finish: "stop", textCalls: 0, malformed: [], usage } };
    },
  };
  const read = () => requests.flatMap(({ messages }) => messages.map(({ content }) => content)).join("\n");
  return { model, requests, read };
}

/** The turn's messages, each with a mark of its own at its beginning. */
function messagesOfTurn({ asked, steps, answered }: TurnShape, from: number): readonly Placed[] {
  const messages: ModelMessage[] = [];
  const text = (chars: number) => `mark-${from + messages.length + 1}. ${"some words of it, ".repeat(chars / 18)}`;
  messages.push({ role: "user", content: text(asked) });
  for (const [step, results] of steps.entries()) {
    const calls = results.map((_, at) => ({ id: `call-${from}-${step}-${at}`, name: "look", arguments: "{}" }));
    messages.push({ role: "assistant", content: text(20), reasoning: "hm", calls });
    for (const [at, chars] of results.entries()) {
      messages.push({ role: "tool", call: `call-${from}-${step}-${at}`, name: "look", content: text(chars) });
    }
  }
  messages.push({ role: "assistant", content: text(answered), reasoning: "", calls: [] });
  return messages.map((message, at) => ({ id: from + at + 1, message }));
}

function assertPaired(messages: readonly ModelMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      assert.equal(message.call, open.shift());
      continue;
    }
    assert.deepEqual(open, []);
    open = message.role === "assistant" ? message.calls.map(({ id }) => id) : [];
  }
  assert.deepEqual(open, []);
}
