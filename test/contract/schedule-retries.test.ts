import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { landRun } from "../../workers/schedule-ends.ts";
import type { Errand } from "../../src/core/errand.ts";
import { Failure } from "../../src/core/failures.ts";
import type { SandboxBackend } from "../../src/core/sandbox.ts";
import { readJournal } from "../../src/store/journal.ts";
import { addRun } from "../../src/store/schedule-runs.ts";
import { changeSchedule } from "../../src/store/schedules.ts";
import { lastRead, noteRead } from "../../src/store/skills.ts";
import { chat, type ScheduleRig, scheduleRig, unreachable } from "./schedule-rig.ts";

let rig: ScheduleRig;
before(async () => {
  rig = await scheduleRig();
});
after(() => rig[Symbol.asyncDispose]());

/** What an errand's turn is asked. */
async function askedOf({ session }: Errand): Promise<string> {
  const { rows } = await sql<{ text: string }>`select inbound->>'text' as text from inbox where session_id = ${session}`.execute(
    rig.db,
  );
  return rows[0]?.text ?? "";
}

test("a run that broke off after a call goes on from there, also at a third try; where others read by then, it is told", async () => {
  const parts = rig.partsWith(undefined, { retryMs: [0, 0, 0, 0] });
  await using _worker = await rig.work(parts);
  const schedule = await rig.made({ name: "paying" });
  const run = await addRun(rig.db, schedule.id);
  const { db } = rig;
  const errandOf = async (attempt: number) => {
    await rig.comesTo(run, "running", attempt);
    const errand = await rig.errandOf(run);
    const journal = await readJournal(db, { kind: "system" }, errand.session);
    return { errand, journal: journal.map(({ message }) => message.content), asked: await askedOf(errand) };
  };
  const first = await errandOf(1);
  assert.deepEqual([first.journal, first.asked], [[], "report"]);
  await landRun(parts, unreachable(first.errand));
  // Nothing was done: it begins anew.
  const second = await errandOf(2);
  assert.deepEqual([second.journal, second.asked], [[], "report"]);
  const { session } = second.errand;
  await sql`insert into turns (id, session_id, person_id, inbox_id, status)
    select 'paid', ${session}, 'alice', id, 'failed' from inbox where session_id = ${session}`.execute(db);
  for (const message of [
    { role: "user", content: "report" },
    { role: "tool", call: "1", name: "terminal", content: "paid 5" },
  ])
    await sql`insert into messages (session_id, turn_id, message) values (${session}, 'paid', ${JSON.stringify(message)}::jsonb)`.execute(
      db,
    );
  await noteRead(db, session, "payments", "a bundle");
  await landRun(parts, unreachable(second.errand));
  for (const attempt of [3, 4]) {
    const further = await errandOf(attempt);
    assert.deepEqual(further.journal, ["report", "paid 5"]);
    const skill = await lastRead(db, further.errand.session, { person: "alice" });
    assert.equal(skill?.name, "payments", "its variables come with it");
    assert.match(further.asked, /what has been done is done/);
    if (attempt === 4) await changeSchedule(db, schedule.id, { deliver: ["telegram:-55"] });
    await landRun(parts, unreachable(further.errand));
  }
  await rig.comesTo(run, "failed", 5);
  assert.match(await rig.toldIn(chat), /paying.*where it reports to changed meanwhile; run it again/);
});

test("a script runs once: a further try of the model takes what it has printed", { timeout: 30_000 }, async () => {
  await using _worker = await rig.work(rig.partsWith(rig.sandboxes));
  const schedule = await rig.made({ name: "scripted", script: "echo once >> count; echo found $(wc -l < count)" });
  const run = await addRun(rig.db, schedule.id);
  const fails = async (attempt: number) => {
    await rig.comesTo(run, "running", attempt);
    const errand = await rig.errandOf(run);
    assert.match(await askedOf(errand), /found 1\b/, `try ${attempt}`);
    await landRun(rig.partsWith(), unreachable(errand));
  };
  await fails(1);
  await fails(2);
  assert.equal((await rig.stateOf(run)).status, "failed");
});

test("a script that breaks off is not run again; one that has not begun is", { timeout: 30_000 }, async () => {
  const gone = new Failure("sandbox.unavailable", "it went away");
  let opens = 0;
  const open: SandboxBackend["open"] = async (owner, session) => {
    opens += 1;
    if (opens === 1) throw gone;
    return { ...(await rig.sandboxes.open(owner, session)), run: () => Promise.reject(gone) };
  };
  await using _worker = await rig.work(rig.partsWith({ open }));
  const schedule = await rig.made({ name: "breaking", script: "send money", noAgent: true, prompt: "" });
  const run = await addRun(rig.db, schedule.id);
  await rig.comesTo(run, "failed", 2);
  assert.equal(opens, 2);
});
