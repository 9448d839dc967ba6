import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import type { ProcessInfo, Sandbox } from "../../src/core/sandbox.ts";
import type { ToolContext, WatchPorts } from "../../src/core/tool.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { admit } from "../../src/store/people.ts";
import { openSession } from "../../src/store/sessions.ts";
import { wholeText } from "../../src/sandbox/background-text.ts";
import { withoutValues } from "../../src/skills/variables.ts";
import { terminal } from "../../src/tools/terminal.ts";
import { watchingFor, watchProcesses } from "../../workers/processes.ts";
import { readyForms as forms, type Place, silent } from "./database-forms.ts";

const chat = { platform: "web", chat: "home", thread: null } as const;
const owner = { key: "person-a", label: "a" };
const conceal = async (text: string) => withoutValues(text, ["a-secret-value"]);

/** A sandbox with one process, whose output (a character for each byte) and state the test sets. */
function processOf() {
  const now = { text: "", state: "running" as ProcessInfo["state"] };
  const info = (): ProcessInfo => {
    const { state, text } = now;
    return {
      id: "p1",
      command: "make",
      pty: false,
      state,
      exitCode: state === "exited" ? 3 : null,
      ms: 1,
      outputBytes: text.length,
    };
  };
  const sandbox: Pick<Sandbox, "backend" | "start" | "processes" | "output"> = {
    backend: "local",
    start: async () => info(),
    processes: async () => [info()],
    async output(_id, from, limit) {
      const at = from === "unread" ? 0 : from < 0 ? Math.max(0, now.text.length + from) : from;
      const bytes = Buffer.from(now.text.slice(at, at + limit), "latin1");
      const { text, skipped, left } = wholeText(bytes, now.state === "running" || at + limit < now.text.length);
      return { text, from: at + skipped, next: at + bytes.length - left, total: now.text.length };
    },
  };
  // Boundary: whoever watches, and `terminal` in the background, use no more of it.
  return { now, sandbox: sandbox as Sandbox };
}

suite("being told of a background process", () => {
  let place: Place;
  let rig: Awaited<ReturnType<typeof open>>;
  before(async () => {
    place = await forms.embedded();
    rig = await open(place);
  });
  beforeEach(() => rig.clear());
  after(() => place[Symbol.asyncDispose]());

  /** Looks, as if the last notice were long ago. */
  const laterLook = async (sandbox: Sandbox) => {
    await rig.db
      .updateTable("watched_processes")
      .set({ noticed_at: new Date(Date.now() - 16_000) })
      .execute();
    await rig.look(sandbox);
  };

  test("of matches at most once in a window; after three that overflow only the end is told", async () => {
    const { now, sandbox } = processOf();
    await rig.watching.watch({ backend: "local", id: "p1", command: "make" }, ["ERR"]);
    const print = async (line: string) => {
      now.text += `${line}\n`;
      await rig.look(sandbox);
    };
    await print("fine");
    assert.deepEqual(await rig.told(), []);
    await print("ERR 0");
    assert.match((await rig.told()).join(), /p1 \(`make`\) printed what you watch for\. Lines:\nERR 0\]$/);
    for (const window of [1, 2, 3]) {
      await print(`ERR ${window}a`);
      await print(`ERR ${window}b`);
      assert.equal((await rig.told()).length, window, "held back within the window");
      await laterLook(sandbox);
      assert.match((await rig.told()).at(-1) ?? "", new RegExp(`Lines:\\nERR ${window}a\\nERR ${window}b\\]$`));
    }
    assert.match((await rig.told()).at(-1) ?? "", /too often: from now on you are told only of its end/);
    await print("ERR 4");
    await laterLook(sandbox);
    assert.equal((await rig.told()).length, 4);
    now.state = "exited";
    await rig.look(sandbox);
    assert.match((await rig.told()).at(-1) ?? "", /ended with exit code 3\. Last lines:[^]*ERR 4\]$/);
    await rig.look(sandbox);
    assert.equal((await rig.told()).length, 5);
  });

  test("what is watched for is found however much was printed before the end", async () => {
    const { now, sandbox } = processOf();
    await rig.watching.watch({ backend: "local", id: "p1", command: "make" }, ["ERROR"]);
    [now.text, now.state] = [`${"fine\n".repeat(120_000)}ERROR 7 a-secret-value\nlast`, "exited"];
    await rig.look(sandbox);
    assert.match((await rig.told()).join(), /ended with exit code 3\. Lines:\nERROR 7 \[hidden\]\]$/);
  });

  test("bytes that are no text don't make it look past what comes after them", async () => {
    const { now, sandbox } = processOf();
    await rig.watching.watch({ backend: "local", id: "p1", command: "make" }, ["ERROR"]);
    now.text = `${"\xff".repeat(40)}\0 fine\nunfinished`;
    await rig.look(sandbox);
    now.text += " ERROR 7\n\xfe";
    await rig.look(sandbox);
    assert.match((await rig.told()).join(), /printed what you watch for\. Lines:\nunfinished ERROR 7\]$/);
    now.text += "\xfd\nERROR 8\n";
    await laterLook(sandbox);
    assert.match((await rig.told()).at(-1) ?? "", /Lines:\nERROR 8\]$/);
  });

  test("a window with nothing held back begins the count anew", async () => {
    const { now, sandbox } = processOf();
    await rig.watching.watch({ backend: "local", id: "p1", command: "make" }, ["ERR"]);
    for (const round of [0, 1, 2, 3, 4, 5]) {
      now.text += "ERR\n";
      // Only every other line comes within the window of the one before.
      await (round % 2 === 0 ? laterLook(sandbox) : rig.look(sandbox).then(() => laterLook(sandbox)));
    }
    assert.equal((await rig.told()).length, 6);
    assert.ok((await rig.told()).every((each) => !each.includes("too often")));
  });

  test("what it prints is told without secrets, and the first message's files don't come again", async () => {
    const { now, sandbox } = processOf();
    await rig.watching.watch({ backend: "local", id: "p1", command: "make" }, []);
    [now.text, now.state] = ["OPENAI_API_KEY=sk-abcdefghijklmnopqrstuvwxyz123456\n", "exited"];
    await rig.look(sandbox);
    assert.doesNotMatch((await rig.told()).join(), /sk-abcdef/);
    const [inbound] = await rig.notices();
    assert.ok(inbound !== undefined && !("files" in inbound));
  });

  test("one that ends at the first look is not told of again; one that runs on is", async () => {
    const { now, sandbox } = processOf();
    const wish = {
      command: "make",
      timeout: 0,
      workdir: "",
      background: true,
      pty: false,
      notify_on_complete: true,
      watch_patterns: [],
    };
    // Boundary: what `terminal` uses in the background.
    const context = {
      sandbox: async () => sandbox,
      watching: rig.watching,
      signal: new AbortController().signal,
    } as unknown as ToolContext;
    assert.match(await terminal.run(wish, context), /^\[Process p1 runs in the background\. You will be told of its end\./);
    [now.text, now.state] = ["quick\n", "exited"];
    assert.match(await terminal.run(wish, context), /^quick\n\[Process p1 has ended, exit code 3\. See/);
    await rig.look(sandbox);
    assert.deepEqual(await rig.told(), []);
  });
});

async function open(place: Place) {
  const { db } = await place.open();
  await migrate(db, migrations);
  const person = await admit(db, { platform: "web", id: "ann", name: "Ann" }, "owner");
  const { session } = await openSession(db, chat, "private");
  const inbound = { type: "message", key: "first", text: "go", chat, files: [{ name: "a.txt" }] };
  const asked = await db
    .insertInto("inbox")
    .values({
      key: "first",
      chat_key: "web:home",
      inbound: JSON.stringify(inbound),
      status: "taken",
      session_id: session,
      person_id: person.id,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db
    .insertInto("turns")
    .values({ id: "t1", session_id: session, person_id: person.id, inbox_id: asked.id, status: "answered" })
    .execute();
  const watching: WatchPorts = watchingFor(db, { owner, session, turn: "t1" });
  const notices = async () =>
    (await db.selectFrom("inbox").select("inbound").where("key", "like", "process:%").orderBy("id").execute()).map(
      (row) => row.inbound,
    );
  return {
    db,
    watching,
    notices,
    told: async () => (await notices()).map((each) => (each.type === "message" ? each.text : "")),
    look: (sandbox: Sandbox) =>
      watchProcesses({ db, sandboxes: { open: async () => sandbox }, wake: async () => undefined, conceal, log: silent }, "w1"),
    async clear() {
      await db.deleteFrom("watched_processes").execute();
      await db.deleteFrom("inbox").where("key", "like", "process:%").execute();
    },
  };
}
