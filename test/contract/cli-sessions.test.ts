import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Command } from "commander";
import type { Context, Define } from "../../src/cli/context.ts";
import { define as pairing } from "../../src/cli/pairing.ts";
import { define as people } from "../../src/cli/people.ts";
import { define as sessions } from "../../src/cli/sessions.ts";
import { table } from "../../src/cli/table.ts";
import { type ChatRef, chatKey } from "../../src/core/chats.ts";
import { Failure } from "../../src/core/failures.ts";
import type { ModelMessage } from "../../src/core/model.ts";
import { pairingList, pairingRevoke, peopleControl } from "../../src/gateway/control/people.ts";
import { sessionsControl } from "../../src/gateway/control/sessions.ts";
import { invite } from "../../src/people/invitations.ts";
import { landInHome } from "../../src/store/errand-ends.ts";
import { beginErrand } from "../../src/store/errands.ts";
import { keepSentFile } from "../../src/store/files.ts";
import type { Db } from "../../src/store/hold.ts";
import { assignInbound, settleInbound, storeInbound } from "../../src/store/inbox.ts";
import { recordModelCall } from "../../src/store/journal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { addOutbound } from "../../src/store/outbox.ts";
import { branchSession } from "../../src/store/own-sessions.ts";
import { keepPageFile } from "../../src/store/page-files.ts";
import { admit, openPairing } from "../../src/store/people.ts";
import { ask, closeQuestions } from "../../src/store/questions.ts";
import { openSession } from "../../src/store/sessions.ts";
import { saidIn } from "../../src/store/status.ts";
import { answerKey, beginTurn, closeTurn } from "../../src/store/turns.ts";
import { claimSession } from "../../src/store/work.ts";
import { readyForms } from "./database-forms.ts";

const group: ChatRef = { platform: "slack", chat: "c1", thread: null };

suite("hermes sessions, people and pairing", () => {
  const stack = new AsyncDisposableStack();
  let db: Db;
  let home = "";
  let answer: string | null = null;
  const ids: Record<string, string> = {};
  before(async () => {
    ({ db } = await stack.use(await readyForms.embedded()).open());
    await migrate(db, migrations);
    home = await mkdtemp(join(tmpdir(), "hermes-sessions-"));
    stack.defer(() => rm(home, { recursive: true, force: true }));
    const [boss, ann] = [await person("boss", "owner"), await person("ann", "member")];
    await db.insertInto("chat_names").values({ platform: "slack", chat: "c1", name: "gen\u001b" }).execute();
    ids["plans"] = await talked(boss, at("boss"), "private", "what are my plans", "You fly to Mars.", "Plans for the summer");
    ids["secret"] = await talked(ann, at("ann"), "private", "my secret is zebra", "I keep it.", "Ann's secret");
    ids["group"] = await talked(
      ann,
      group,
      "shared",
      "deploy \u001b[31mit",
      "Done with key sk-abcdefghijklmnopqrstuvwx.",
      "Deploys 发布新版本",
    );
  });
  after(() => stack.disposeAsync());

  const at = (who: string): ChatRef => ({ platform: "telegram", chat: who, thread: null });
  const person = async (id: string, role: "owner" | "member") => await admit(db, { platform: "telegram", id, name: id }, role);
  let events = 0;
  /** A request with a tool call and its answer; the session. */
  async function talked(
    who: { readonly id: string; readonly name: string },
    chat: ChatRef,
    kind: "private" | "shared",
    text: string,
    said: string,
    title: string,
  ): Promise<string> {
    const { session } = await openSession(db, chat, kind);
    const sender = { platform: chat.platform, id: who.name, name: who.name };
    const base = {
      type: "message",
      files: [{ kind: "picture", name: `${title}.png`, size: 1, ref: `sent-${title}` }],
      key: `k${(events += 1)}`,
      chat,
      kind,
      sender,
      at: 0,
      messageId: null,
      addressed: true,
    } as const;
    const stored = await storeInbound(db, { ...base, text });
    await assignInbound(db, stored?.id ?? 0, session, who.id);
    const claim = await claimSession(db, session, "w", 60_000);
    if (claim?.work?.type !== "begin") return assert.fail("no work");
    const turn = await beginTurn(db, claim.hold, claim.work.waiting, { role: "user", content: text });
    const asks = { kind: "clarify", text: `Sure that ${text}?`, choices: [], digest: "d", lifetimeMs: 60_000 } as const;
    const place = { turn: turn.id, step: 1, position: 0 };
    const here = { chat, replyTo: null, language: "en", text: asks.text, choices: [] };
    await ask(db, claim.hold, place, { ...asks, mayAnswer: { type: "asker" } }, [here]);
    await closeQuestions(db, claim.hold, turn.id, { en: "Too late." });
    await keepSentFile(db, claim.hold, answerKey(turn.id, 1), Buffer.from(said));
    const message: ModelMessage = { role: "assistant", content: said, reasoning: "", calls: [] };
    await closeTurn(db, claim.hold, turn, {
      status: "answered",
      message,
      failure: null,
      answer: { markdown: said, replyTo: null },
      files: [{ markdown: "", replyTo: null, file: { kind: "document", name: `${said}.txt`, size: 1, path: "" } }],
    });
    await beside(who, chat, kind, session, text);
    await db.updateTable("outbox").set({ status: "sent" }).execute();
    for (const id of [`sent-${title}`, `out-${await entry(answerKey(turn.id, 1))}`])
      await keepPageFile(db, { id, kind: "document", name: title }, Buffer.from("bytes"));
    await db.updateTable("sessions").set({ title, holder: null, lease_until: null }).where("id", "=", session).execute();
    const usage = { promptTokens: 7, completionTokens: 1, cachedTokens: null, firstTokenMs: 1, totalMs: 1, queuedMs: 0 };
    const call = { turn: turn.id, session, task: "turn", step: 1, model: "m", server: "s", calls: 0, validCalls: 0 } as const;
    const speeds = { promptPerSecond: null, tokensPerSecond: null };
    await recordModelCall(db, { ...call, textCalls: 0, failure: null, usage: { ...usage, ...speeds } });
    return session;
  }

  /** A side question, which was answered, and the command that asked it. */
  async function beside(
    person: { readonly id: string; readonly name: string },
    chat: ChatRef,
    kind: "private" | "shared",
    session: string,
    text: string,
  ): Promise<void> {
    const typed = { type: "message", key: `c${events}`, chat, kind, at: 0, messageId: null, addressed: true } as const;
    const sender = { platform: chat.platform, id: person.name, name: person.name };
    const stored = await storeInbound(db, { ...typed, sender, text: `/btw ${text}` });
    await settleInbound(db, stored?.id ?? 0, session);
    await addOutbound(db, {
      key: `inbox:${stored?.id}:0`,
      chat,
      turn: null,
      body: { markdown: `Asked: ${text}`, replyTo: null },
    });
    const untold = { memory: true, only: null, without: [], model: null, maxSteps: null, timeoutMs: null } as const;
    const terms = { ...untold, label: "Side question", rules: "", about: text, attended: true, depth: 0 };
    const begun = { type: "background", key: `aside:c${events}`, person, kind, home: chat, prompt: text, terms } as const;
    const errand = await beginErrand(db, { ...begun, history: session, details: { session } });
    const claim = await claimSession(db, errand.session, "w", 60_000);
    if (claim?.work?.type !== "begin") return assert.fail("no side question");
    const turn = await beginTurn(db, claim.hold, claim.work.waiting, { role: "user", content: text });
    const answer = { markdown: `Beside: ${text}`, replyTo: null };
    await closeTurn(db, claim.hold, turn, { status: "answered", message: null, failure: null, answer });
    await landInHome(db, errand.id, chat.platform, chatKey(chat), [{ key: answerKey(turn.id), body: answer }]);
  }

  async function entry(key: string): Promise<number> {
    return (await db.selectFrom("outbox").select("id").where("key", "=", key).executeTakeFirstOrThrow()).id;
  }

  /** Types `hermes NAME WORDS`. */
  async function typed(define: Define, words: readonly string[], terminal = false) {
    const said = { out: "", err: "", status: 0 };
    const context: Context = {
      env: {},
      home,
      print: (line) => void (said.out += `${line}\n`),
      remark: (line) => void (said.err += `${line}\n`),
      ask: terminal ? async () => answer ?? assert.fail("not asked for here") : null,
      exit: (status) => void (said.status = status),
      product: async () => ({
        openService: () => assert.fail(),
        tryMcp: () => assert.fail(),
        openForTerminal: () => assert.fail(),
        openOffline: async () => ({
          async handle({ command, args }) {
            if (command === "sessions") return await sessionsControl(db, args);
            if (command === "pairing.revoke") return await pairingRevoke(db, args[0] ?? "");
            return command === "people" ? await peopleControl(db, args) : await pairingList(db);
          },
          close: async () => undefined,
        }),
      }),
    };
    const program = new Command("hermes").exitOverride().configureOutput({ writeErr: (text) => void (said.err += text) });
    define(program, context);
    for (const each of program.commands) each.exitOverride().configureOutput({ writeErr: (text) => void (said.err += text) });
    await program.parseAsync([...words], { from: "user" });
    return said;
  }

  test("lists the owner's and the shared ones, within 80 columns; another's only where they are named", async () => {
    const { out } = await typed(sessions, ["list"]);
    assert.match(out, /^ID +LAST +REQUESTS +WHERE +TITLE\n/);
    assert.match(out, /telegram \(private\) +Plans for the summer\n/);
    assert.match(out, /slack:#gen\\u\{1b\} +Deploys 发布新版本\n/);
    assert.doesNotMatch(out, /secret/);
    for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
    assert.match((await typed(sessions, ["list", "--person", "ann"])).out, /Ann's secret/);
    assert.doesNotMatch((await typed(sessions, ["list", "--person", "ann"])).out, /Plans|Deploys/);
    assert.match((await typed(sessions, ["list", "--chat", "slack:c1"])).out, /Deploys/);
    assert.equal((await typed(sessions, ["list", "--chat", "telegram:ann"])).out, "There is no conversation yet.\n");
    assert.match((await typed(sessions, ["list", "--search", "mars"])).out, /Plans/);
    assert.equal((await typed(sessions, ["list", "--search", "zebra"])).out, "No conversation has that.\n");
    const json: unknown = JSON.parse((await typed(sessions, ["list", "--json", "--limit", "1"])).out);
    assert.partialDeepStrictEqual(json, [{ id: ids["group"], kind: "shared", requests: 1, open: true }]);
    await assert.rejects(typed(sessions, ["list", "--limit", "0"]), /from 1 to 1000/);
  });

  test("shows and exports what was said, without secrets and signs that draw; others' is not found", async () => {
    const { out } = await typed(sessions, ["show", "deploys 发布新版本"]);
    assert.match(out, /# Deploys[^]*\*\*ann\*\*, 20[^]*deploy \\u\{1b\}\[31mit[^]*\*\*Hermes\*\*[^]*Done with key \[hidden/);
    assert.match((await typed(sessions, ["show", ids["plans"]?.slice(0, 8) ?? ""])).out, /You fly to Mars/);
    for (const which of [ids["secret"] ?? "", "Ann's secret", "nothing like it"]) {
      const none = await typed(sessions, ["show", which]);
      assert.deepEqual([none.out, none.status], ["", 1]);
      assert.match(none.err, /There is no conversation/);
    }
    const file = join(home, "plans.jsonl");
    await typed(sessions, ["export", ids["plans"] ?? "", file, "--format", "jsonl"]);
    const lines = (await readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    assert.partialDeepStrictEqual(lines, [{ title: "Plans for the summer" }, { role: "user" }, { text: "You fly to Mars." }]);
    await assert.rejects(
      typed(sessions, ["export", ids["plans"] ?? "", file]),
      (thrown: unknown) => thrown instanceof Failure && /is there already/.test(thrown.message) && thrown.advice !== null,
    );
  });

  test("gives one another name", async () => {
    assert.match((await typed(sessions, ["rename", "Plans for the summer", "Mars", "trip"])).out, /is called "Mars trip" now/);
    assert.match((await typed(sessions, ["list"])).out, /Mars trip/);
    assert.equal((await typed(sessions, ["rename", "Mars trip", "…"])).status, 1);
  });

  test("deletes one for good when somebody is sure, with what was sent of it; a copy and the figures stay", async () => {
    const [plans = "", secret = ""] = [ids["plans"], ids["secret"]];
    const unasked = await typed(sessions, ["delete", "Mars trip"]);
    assert.deepEqual([unasked.status, unasked.out], [2, ""]);
    assert.match(unasked.err, /say --yes/);
    assert.match((await typed(sessions, ["delete", ids["group"] ?? ""])).err, /slack:#gen\\u\{1b\}/);
    answer = "no";
    assert.match((await typed(sessions, ["delete", "Mars trip"], true)).err, /nothing was deleted/);
    const { conversation_id: conversation } = await db
      .selectFrom("sessions")
      .select("conversation_id")
      .where("id", "=", plans)
      .executeTakeFirstOrThrow();
    await branchSession(db, conversation, "Copy");
    answer = "yes";
    assert.match(
      (await typed(sessions, ["delete", "Mars trip"], true)).out,
      /Deleted: Mars trip \(telegram \(private\), 1 request\)/,
    );
    assert.match((await typed(sessions, ["show", "Copy"])).out, /You fly to Mars/);
    assert.doesNotMatch((await typed(sessions, ["list"])).out, /Mars trip/);
    await typed(sessions, ["delete", secret, "--person", "ann", "--yes"]);
    const tables = [
      "sessions",
      "messages",
      "turns",
      "inbox",
      "outbox",
      "questions",
      "errands",
      "page_files",
      "compactions",
    ] as const;
    const left = await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()));
    assert.doesNotMatch(JSON.stringify(left), /zebra|I keep it|Ann's secret/);
    assert.match(JSON.stringify(left), /Done with key[^]*Sure that deploy[^]*Beside: deploy/, "others' stays");
    const bytes = await db.selectFrom("sent_files").select("bytes").execute();
    assert.deepEqual(
      bytes.map((row) => Buffer.from(row.bytes).includes("I keep it")),
      [false, false],
    );
    const ann = await db.selectFrom("people").select("id").where("name", "=", "ann").executeTakeFirstOrThrow();
    const { id: annsPlace } = await db
      .selectFrom("conversations")
      .select("id")
      .where("chat", "=", "ann")
      .executeTakeFirstOrThrow();
    const viewer = { kind: "person", person: ann.id, conversation: annsPlace } as const;
    assert.deepEqual(await saidIn(db, viewer, at("ann"), chatKey(at("ann")), 50), [], "not even places where words were");
    const { length } = await db.selectFrom("model_calls").selectAll().execute();
    assert.equal(length, 3);
    const key = { type: "message", key: "k2", chat: at("ann"), kind: "private", at: 0, text: "again", messageId: null } as const;
    const again = await storeInbound(db, { ...key, sender: { platform: "telegram", id: "ann", name: "ann" }, addressed: true });
    assert.equal(again, null, "a redelivery is still known");
    await db
      .updateTable("inbox")
      .set({ status: "waiting", session_id: ids["group"] ?? "" })
      .where("key", "=", "k2")
      .execute();
    const busy = await typed(sessions, ["delete", ids["group"] ?? "", "--yes"]);
    assert.match(busy.err, /Something runs or waits/);
  });

  test("tables keep to narrow and wide screens, also with signs of two cells and those that draw", () => {
    const columns = [{ head: "ID" }, { head: "TITLE", flexible: true }, { head: "WHERE", flexible: true }];
    const rows = [
      ["1", "发布新版本的计划和回滚", "slack"],
      ["2", "plain\u001b[2J words", "telegram"],
    ];
    assert.deepEqual(table(columns, rows, 26), [
      "ID  TITLE         WHERE",
      "1   发布新版本…   slack",
      "2   plain\\u{1b}…  telegram",
    ]);
    assert.deepEqual(
      table(columns, rows, 12),
      ["ID  TITLE…", "1   发布新…", "2   plain\\u…"].map((line) => line),
    );
    assert.equal(table(columns, rows, 200)[1], "1   发布新版本的计划和回滚  slack");
  });

  test("people are listed, shown and changed; there is always an owner", async () => {
    assert.match(
      (await typed(people, ["list"])).out,
      /^ROLE +NAME +ACCOUNTS\nowner +boss +telegram:boss\nmember +ann +telegram:ann\n$/,
    );
    assert.equal((await typed(people, ["show", "telegram:ann"])).out, "ann, member\n  telegram:ann\n");
    assert.match((await typed(people, ["role", "ann", "king"])).err, /is not a role\. Use one of: owner/);
    assert.match((await typed(people, ["role", "boss", "guest"])).err, /only owner/);
    assert.match((await typed(people, ["role", "ann", "Admin"])).out, /^ann, admin\n/);
    assert.match((await typed(people, ["rename", "ann", "Ann Lee"])).out, /^Ann Lee, admin\n/);
    await db.updateTable("people").set({ name: "\u001b[2JEve" }).where("name", "=", "Ann Lee").execute();
    assert.match((await typed(people, ["show", "telegram:ann"])).out, /^\\u\{1b\}\[2JEve, admin\n/);
    assert.partialDeepStrictEqual(JSON.parse((await typed(people, ["list", "--json"])).out), [
      { name: "boss" },
      { role: "admin" },
    ]);
    assert.equal((await typed(people, ["show", "nobody"])).status, 1);
  });

  test("codes that wait are listed, also as JSON; an invitation is, too, until it is taken back", async () => {
    assert.equal((await typed(pairing, ["list"])).out, "Nobody is waiting to be let in.\n");
    const account = { platform: "discord", id: "77", name: "Eve" };
    await openPairing(db, { code: "ABCDEFGH", account, chatKey: "discord:77" }, 60_000, 5);
    assert.match((await typed(pairing, ["list"])).out, /^CODE +PLATFORM +WHO\nABCDEFGH +discord +Eve \(77\)\n\nLet one in with/);
    const json: unknown = JSON.parse((await typed(pairing, ["list", "--json"])).out);
    assert.deepEqual(json, [{ code: "ABCDEFGH", platform: "discord", account: "77", name: "Eve" }]);
    const code = await invite(db, "owner");
    assert.match((await typed(pairing, ["list"])).out, new RegExp(`\\n${code} +any +whoever shows it to the bot, as owner\n`));
    assert.equal((await typed(pairing, ["revoke", code.toLowerCase()])).out, "The invitation is gone.\n");
    assert.match((await typed(pairing, ["revoke", code])).err, /no open request with the code/);
  });
});
