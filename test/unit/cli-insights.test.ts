import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, suite, test } from "node:test";
import { drawMarkdown } from "../../adapters/terminal/screen/draw.ts";
import { hermes } from "../../src/cli/hermes.ts";
import * as commands from "../../src/commands/index.ts";
import { mayUse } from "../../src/commands/command.ts";
import { control } from "../../src/gateway/control.ts";
import { insightsReply } from "../../src/gateway/insights.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { latestSpeeds } from "../../src/store/usage.ts";
import { lines } from "../doubles/model-server-client.ts";

interface Call {
  readonly turn: string | null;
  readonly model?: string;
  readonly prompt?: number;
  readonly cached?: number | null;
  readonly written?: number;
  readonly speed?: number | null;
  readonly calls?: number;
  readonly valid?: number;
  readonly text?: number;
  readonly failure?: string;
  readonly daysAgo?: number;
}

suite("insights", () => {
  let directory: string;
  let database: Database;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "hermes-insights-"));
    database = await openDatabase({ url: null, directory, log: lines() });
    await migrate(database.db, migrations);
  });
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function fresh(): Promise<void> {
    for (const table of ["errands", "model_calls", "tool_calls", "turns", "sessions", "conversations", "inbox", "people"]) {
      await database.pool.query(`delete from ${table}`);
    }
    const { pool } = database;
    await pool.query("insert into people (id, name, role) values ('p', 'Secret Name', 'owner')");
    for (const platform of ["telegram", "web"]) {
      await pool.query(
        "insert into conversations (id, platform, chat, thread, kind) values ($1, $1, 'secret-chat', '', 'private')",
        [platform],
      );
      await pool.query("insert into sessions (id, conversation_id) values ($1, $1)", [platform]);
    }
  }

  async function turn(id: string, platform: string, status: string, daysAgo = 0): Promise<void> {
    const { rows } = await database.pool.query<{ id: number }>(
      "insert into inbox (key, chat_key, inbound, person_id, session_id) values ($1, $1, $2, 'p', $3) returning id",
      [id, JSON.stringify({ type: "message", text: "secret words", chat: { platform } }), platform],
    );
    await database.pool.query(
      `insert into turns (id, session_id, person_id, inbox_id, status, created_at) values ($1, $2, 'p', $3, $4, now() - make_interval(days => $5))`,
      [id, platform, rows[0]?.id, status, daysAgo],
    );
  }

  async function call({ turn: of, daysAgo = 0, ...more }: Call): Promise<void> {
    const {
      model = "qwen",
      prompt = 1_000,
      cached = 800,
      written = 100,
      speed = 40,
      calls = 0,
      valid = calls,
      text = 0,
      failure,
    } = more;
    await database.pool.query(
      `insert into model_calls (turn_id, task, step, model, server, prompt_tokens, completion_tokens, cached_tokens, first_token_ms, total_ms,
        prompt_per_second, tokens_per_second, calls, valid_calls, text_calls, failure, created_at)
       values ($1, 'turn', 0, $2, 'http://gpu/v1', $3, $4, $5, 500, 4500, 400, $6, $7, $8, $9, $10, now() - make_interval(days => $11))`,
      [of, model, prompt, written, cached, speed, calls, valid, text, failure ?? null, daysAgo],
    );
  }

  async function toolCalls(turnId: string, name: string, statuses: readonly string[]): Promise<void> {
    for (const status of statuses)
      await database.pool.query(
        `insert into tool_calls (turn_id, step, position, call_id, name, kind, status, started_at, ended_at)
         values ($1, (select count(*) from tool_calls), 0, 'c', $2, 'read', $3, now() - interval '1 second', now())`,
        [turnId, name, status],
      );
  }

  async function said(days = "30", platform: string | null = null): Promise<string> {
    const { ok, text } = await insightsReply(database.db, { days, platform });
    assert.ok(ok, text);
    assert.doesNotMatch(text, /secret/i, "numbers only");
    return text;
  }

  test("nothing asked, and a number of days that is none", async () => {
    await fresh();
    assert.match(await said("7"), /The last 7 days.*\n\nNothing was asked\./);
    for (const wrong of ["0", "x", "-1", "1.5", "99999"]) {
      const { ok, text } = await insightsReply(database.db, { days: wrong, platform: null });
      assert.ok(!ok && /is no number of days/.test(text), wrong);
    }
  });

  test("a good month: totals, speeds, cache, steps, and nothing to look at", async () => {
    await fresh();
    await turn("t1", "telegram", "answered");
    await turn("t2", "telegram", "answered");
    await turn("t3", "web", "failed");
    await turn("old", "web", "answered", 40);
    for (const speed of [30, 40, 50]) await call({ turn: "t1", speed, calls: 2 });
    await call({ turn: "t2", calls: 1 });
    await call({ turn: "t3", failure: "model.stalled", written: 0, speed: null });
    await call({ turn: "old", daysAgo: 40, prompt: 1_000_000 });
    const text = await said();
    assert.match(text, /^- Tasks: 3 \(2 answered, 1 failed\); model calls a task: 1\.7 on average, 3 at most$/m);
    assert.match(text, /^- Tokens: 5,000 read \(80 % from the server's cache\), 400 written, in 5 model calls, 1 failed$/m);
    assert.match(text, /^- Writing: 40 tok\/s \(median\), one call in ten under 33$/m);
    assert.match(text, /^- Reading what was not cached: 400 tok\/s/m);
    assert.match(text, /^- First token: after 500 ms/m);
    assert.match(text, /^- Tool calls: 7, 100 % valid as they came$/m);
    assert.doesNotMatch(text, /To look at|By model/);
    assert.match(await said("30", "web"), /Tasks: 1 \(0 answered, 1 failed\)/);
    assert.match(await said("90"), /Tasks: 4 /);
    assert.match(await said("30", "slack"), /on slack.*\n\nNothing was asked/);
  });

  test("what is slow, uncached, invalid, in text form or goes round in circles is flagged, each with its advice", async () => {
    await fresh();
    await turn("t1", "telegram", "answered");
    for (let at = 0; at < 11; at += 1) await call({ turn: "t1", speed: 9.6, cached: 100, calls: 10, valid: 9, text: 4 });
    await call({ turn: null, model: "flash", written: 10, speed: 90, cached: null });
    const text = await said();
    const flags = text.split("To look at:\n")[1]?.split("\n") ?? [];
    assert.equal(flags.length, 5, text);
    assert.match(flags[0] ?? "", /under 20 tok\/s.*bench model/);
    assert.match(flags[1] ?? "", /1 task took more than 10 model calls/);
    assert.match(flags[2] ?? "", /Less than half of the prompts came from the cache/);
    assert.match(flags[3] ?? "", /Only 90 % of the last 110 tool calls.*alarm is at 95 %/);
    assert.match(flags[4] ?? "", /come as text.*--tool-call-parser/);
    assert.match(
      text,
      /^By model:\n- qwen at http:\/\/gpu\/v1: 11 calls, .* 9\.6 tok\/s, 10 % cached, 90 % of 110 tool calls valid\n- flash at/m,
    );
  });

  test("messages, people and waits; speeds by context; tools by name, however hostile, and how often they failed", async () => {
    await fresh();
    for (const [id, waited] of [
      ["t1", 2],
      ["t2", 4],
      ["t3", 30],
    ] as const) {
      await turn(id, "telegram", "answered");
      await database.pool.query(
        "update inbox set received_at = (select created_at from turns where inbox_id = inbox.id) - make_interval(secs => $2) where key = $1",
        [id, waited],
      );
    }
    await call({ turn: "t1", prompt: 900, cached: 0, speed: 40 });
    await call({ turn: "t1", prompt: 1_024, cached: 512, speed: 20 });
    await call({ turn: "t2", prompt: 200_000, cached: null, speed: 9.6 });
    await toolCalls("t1", "terminal", ["done", "done", "failed", "unknown", "started"]);
    await toolCalls("t2", "e|v*l\n\u001b[31m<b>`", ["failed"]);
    const text = await said();
    assert.match(text, /^- Messages: 3 from 1 person; begun after 4\.0 s \(median\), one in ten waited over 24\.8 s$/m);
    assert.match(
      text,
      /^\| < 1K \| 1 \| 400 \| 40 \| 500 ms \| 0 % \|\n\| 1K–2K \| 1 \| 400 \| 20 \| 500 ms \| 50 % \|\n\| 128K\+ \| 1 \| 400 \| 9\.6 \| 500 ms \| – \|$/m,
    );
    assert.match(
      text,
      /^\| Tool \| Calls \| Failed \| Cut off \| Median time \|\n.*\n\| terminal \| 4 \| 1 \(25 %\) \| 1 \| 1\.0 s \|$/m,
    );
    assert.equal(text.split("\n").filter((line) => line.startsWith("| e")).length, 1, text);
    assert.doesNotMatch(text, /\u001b/);
    const { chart } = await insightsReply(database.db, { days: "30", platform: null });
    assert.equal(
      Buffer.from((await chart()) ?? [])
        .subarray(1, 4)
        .toString(),
      "PNG",
    );
    for (const width of [20, 40, 80, 200]) {
      const widest = Math.max(
        ...drawMarkdown(text, { width, plain: true })
          .split("\n")
          .map((line) => line.length),
      );
      assert.ok(widest <= width, `${widest} of ${width}`);
    }
    const { text: json } = await insightsReply(database.db, { days: "30", platform: "telegram" }, "json");
    const { asked, contexts, tools, days } = JSON.parse(json);
    assert.deepEqual([asked.messages, contexts.length, tools[0].name, tools[0].failed, days], [3, 3, "terminal", 1, 30]);
    assert.doesNotMatch(await said("30", "slack"), /terminal/);
  });

  test("an errand counts in the chat that it belongs to, a call outside of any conversation nowhere but in all", async () => {
    await fresh();
    const { pool } = database;
    await pool.query(
      "insert into conversations (id, platform, chat, thread, kind) values ('run', 'schedule', 'r', '', 'private')",
    );
    await pool.query("insert into sessions (id, conversation_id) values ('run', 'run')");
    await pool.query(
      "insert into errands (id, key, type, number, person_id, session_id, home_id, spec) values ('e', 'e', 'run', 1, 'p', 'run', 'telegram', '{}')",
    );
    await turn("t1", "run", "answered");
    await call({ turn: "t1" });
    await call({ turn: null });
    await toolCalls("t1", "terminal", ["done"]);
    assert.match(await said("1", "telegram"), /Tasks: 1 [^]* in 1 model call\n[^]*\| terminal \| 1 \|/);
    assert.match(await said("1"), / in 2 model calls\n/);
    assert.match(await said("1", "web"), /Nothing was asked/);
  });

  test("nothing but odd figures: a chart of nothing, no time, no tokens, tools of no name", async () => {
    await fresh();
    await turn("t1", "web", "stopped");
    await call({ turn: "t1", prompt: 0, cached: null, written: 0, speed: null });
    await toolCalls("t1", "", ["done"]);
    const { ok, text, chart } = await insightsReply(database.db, { days: "1", platform: null });
    assert.ok(ok && /Tasks: 1 \(0 answered, 1 stopped\)/.test(text), text);
    assert.doesNotMatch(text, /NaN|null|undefined|Infinity/);
    assert.equal(await chart(), null);
  });

  test("the rolling figure looks at the last 200 calls: new trouble shows at once, old trouble fades, few calls say nothing", async () => {
    await fresh();
    await turn("t1", "telegram", "answered");
    for (let at = 0; at < 40; at += 1) await call({ turn: null, calls: 10 });
    for (let at = 0; at < 5; at += 1) await call({ turn: null, calls: 10, valid: 7 });
    const trouble = await said();
    assert.match(trouble, /Tool calls: 450, 96\.6 % valid as they came; of the last 200: 92\.5 %/);
    assert.match(trouble, /Only 92\.5 % of the last 200/);
    for (let at = 0; at < 20; at += 1) await call({ turn: null, calls: 10 });
    assert.doesNotMatch(await said(), /To look at/);
    await fresh();
    for (let at = 0; at < 4; at += 1) await call({ turn: null, calls: 10, valid: 5 });
    assert.doesNotMatch(await said(), /To look at/, "40 calls");
  });

  test("speeds where the server gives none are reckoned from the times; the latest of a model", async () => {
    await fresh();
    await call({ turn: null, speed: null, written: 81 });
    await call({ turn: null, speed: 25, written: 3 });
    assert.match(await said(), /Writing: 20 tok\/s/);
    const latest = await latestSpeeds(database.db, { name: "qwen", server: "http://gpu/v1" }, 5);
    assert.deepEqual(latest, [{ promptTokens: 1_000, read: 400, write: 20 }]);
  });

  test("beside a running service, without one, and in chat for owners and admins only", async () => {
    await fresh();
    await turn("t1", "telegram", "answered");
    await call({ turn: "t1" });
    const skills = { db: database.db, rules: () => assert.fail("no skills"), wake: async () => undefined };
    const schedules = { db: database.db, rules: () => assert.fail("no schedules"), wake: async () => undefined };
    const parts = {
      db: database.db,
      localPlatforms: [],
      skills,
      schedules,
      memory: { memory: null, user: null, team: null, teamWriters: "admin", home: null, notices: "off" } as const,
      language: "en",
      tell: async () => undefined,
      service: async () => null,
    };
    assert.match((await control(parts, "insights", ["7", "telegram"])).text, /The last 7 days on telegram/);
    assert.equal(JSON.parse((await control(parts, "insights", ["7", "", "json"])).text).turns.turns, 1);
    assert.equal((await control(parts, "insights", ["no"])).ok, false);
    const { insights } = commands;
    assert.deepEqual(
      (["owner", "admin", "member", "guest"] as const).map((role) => mayUse(role, insights)),
      [true, true, false, false],
    );
  });

  test("hermes insights --days 1, and for one platform: it opens the record when nothing runs", async () => {
    const home = await mkdtemp(join(tmpdir(), "hermes-insights-home-"));
    let [out, remarks] = ["", ""];
    const streams = {
      env: { HERMES_HOME: home },
      stdin: Readable.from([]),
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: (text: string) => (remarks += text) },
    };
    assert.equal(await hermes(["insights", "--days", "1"], streams), 0, remarks);
    assert.match(out, /^The last day\n\nNothing was asked/);
    assert.equal(await hermes(["insights", "--days", "1", "--source", "telegram"], streams), 0, remarks);
    assert.match(out, /The last day on telegram[^]*Nothing was asked/);
    assert.doesNotMatch(out, /[*\u001b]/, "no Markdown and no colours where nobody looks");
    out = "";
    assert.equal(await hermes(["insights", "--json"], streams), 0, remarks);
    assert.deepEqual([JSON.parse(out).asked.messages, JSON.parse(out).tools], [0, []]);
    assert.equal(await hermes(["insights", "--days", "many"], streams), 1);
    assert.match(remarks, /"many" is no number of days/);
    await rm(home, { recursive: true, force: true });
  });
});
