import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { landRun, settleRun } from "../../workers/schedule-ends.ts";
import { noteRefusedReport } from "../../workers/schedule-refusals.ts";
import { chatKey, type ChatRef } from "../../src/core/chats.ts";
import { rememberIn } from "../../src/agent/memory.ts";
import { schedulePorts } from "../../src/agent/scheduling.ts";
import type { ScheduleAsker } from "../../src/core/schedule.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { createChannelNames } from "../../src/gateway/channel-names.ts";
import { decideFiring } from "../../src/schedules/firing.ts";
import { tellChanges } from "../../src/store/memory-changes.ts";
import { addRun, fireBatch, runsOf, takeRun, untilDue } from "../../src/store/schedule-runs.ts";
import { changeSchedule, recordNow, scheduleByNumber } from "../../src/store/schedules.ts";
import { cronjob } from "../../src/tools/cronjob.ts";
import { alice, answered, chat, group, inGroup, person, type ScheduleRig, scheduleRig } from "./schedule-rig.ts";

const discord = { platform: "discord", chat: "u1", thread: null };
const club = { platform: "telegram", chat: "-77", thread: null };
const slack = { platform: "slack", chat: "D1", thread: null };
const web = { platform: "web", chat: "u1", thread: null };
let rig: ScheduleRig;
before(async () => {
  rig = await scheduleRig();
});
after(() => rig[Symbol.asyncDispose]());

test("an answer made with what its owner said in private goes to nobody else, wherever its schedule reports to by then", async () => {
  const schedule = await rig.made({ name: "moved" });
  const { run, errand } = await rig.begun(schedule, "private");
  await changeSchedule(rig.db, schedule.id, { deliver: ["telegram:-55"] });
  await landRun(rig.partsWith(), answered(errand, "canary-1"));
  assert.doesNotMatch(await rig.toldIn(group), /canary-1|moved/);
  assert.match(await rig.toldIn(chat), /moved.*failed: where it reports to changed while it ran; run it again/);
  const [seen] = await runsOf(rig.db, schedule.id, "private", 5);
  assert.deepEqual([seen?.status, seen?.output], ["failed", null]);
  const { rows } = await sql`select kind from schedule_runs where id = ${run}`.execute(rig.db);
  assert.deepEqual(rows, [{ kind: "private" }]);
});

test("a private run of a schedule made in a group fails: the group learns neither its words nor why, its owner does", async () => {
  const schedule = await rig.made({ name: "ours", deliver: ["telegram:7"] }, inGroup);
  const run = await addRun(rig.db, schedule.id);
  await takeRun(rig.db, run, "worker", 60_000);
  const end = { type: "failed", code: "internal", failure: "canary-2 is broken", output: "canary-3" } as const;
  await settleRun(rig.partsWith(), schedule, run, end, { ranAs: "private", lateMs: 0 });
  const inChat = async (asker: ScheduleAsker) => {
    return `${await rig.said("list", asker)}\n${await rig.said("history ours", asker)}\n${await rig.toldIn(asker.chat ?? chat)}`;
  };
  assert.doesNotMatch(await inChat(inGroup), /canary/);
  assert.match(await inChat(inGroup), /it failed \\?\(internal\\?\); its owner knows more/);
  assert.match(await rig.toldIn(chat), /ours.*failed: canary-2 is broken\.\n\ncanary-3/);
  assert.match(await inChat(alice), /✗ canary-2 is broken/);
  await noteRefusedReport(rig.partsWith(), refusal(`run:${run}:telegram:7`, chat, "canary-4"));
  assert.match(await rig.toldIn(group), /ours.*is paused: one of its places does not take its reports/);
  assert.doesNotMatch(await inChat(inGroup), /canary|telegram:7 does/);
});

function refusal(key: string, where: ChatRef, reason: string, markdown = "") {
  return { key, body: { markdown, replyTo: null }, chat: chatKey(where), reason };
}

test("a chat that is gone pauses its schedule; its owner is told in the next that takes it, and a group learns nothing private", async () => {
  const parts = rig.partsWith();
  const own = { ranAs: "private", lateMs: 0 } as const;
  const schedule = await rig.made({ name: "daily" });
  const { run } = await rig.begun(schedule, "private");
  assert.deepEqual(await noteRefusedReport(parts, refusal(`run:${run}:telegram:7`, chat, "blocked")), [], "nowhere else to go");
  assert.deepEqual([(await rig.reread(schedule.id)).status], ["paused"]);
  await rig.speaks("d", discord, "private");
  await rig.speaks("w", web, "private");
  assert.deepEqual(await noteRefusedReport(parts, refusal(`run:${run}:telegram:7`, chat, "blocked")), ["discord:u1"]);
  assert.match(await rig.toldIn(discord), /daily.*is paused: telegram:7 does not take its reports: blocked/);
  const key = `gone:${run}|telegram:7`;
  assert.deepEqual(await noteRefusedReport(parts, refusal(key, discord, "closed", "is paused")), ["web:u1"]);
  assert.equal(await rig.toldIn(web), "is paused");
  assert.deepEqual(await noteRefusedReport(parts, refusal(`${key}|discord:u1`, web, "closed", "is paused")), []);
  assert.deepEqual(await noteRefusedReport(parts, refusal("inbox:1:0", chat, "blocked")), []);

  const shared = await rig.made({ name: "quiet", deliver: ["telegram:7"] }, inGroup);
  const { run: failing } = await rig.begun(shared, "private");
  await settleRun(parts, shared, failing, { type: "failed", code: "internal", failure: "canary-5", output: null }, own);
  assert.match(await rig.toldIn(discord), /quiet.*canary-5/);
  const told = refusal(`failed-own:${failing}`, discord, "blocked", "canary-5");
  assert.deepEqual(await noteRefusedReport(parts, told), ["telegram:7"]);
  assert.doesNotMatch(await rig.toldIn(group), /canary-5/);
});

test("a failure that comes again is counted where it was told, wherever that is by then; where nothing stands, told anew", async () => {
  const { db, reread } = rig;
  const parts = rig.partsWith(undefined, { pauseAfter: 9 });
  const { id } = await rig.made({ name: "leaky", deliver: ["telegram:7"] }, inGroup);
  const fails = async () => {
    const { run } = await rig.begun(await reread(id), "private");
    const end = { type: "failed", code: "internal", failure: "canary-6", output: null } as const;
    await settleRun(parts, await reread(id), run, end, { ranAs: "private", lateMs: 0 });
    const { rows } = await sql<{ chat: string; edits: string | null }>`
      select chat_key as chat, body->>'edits' as edits from outbox where key = ${`failed-own:${run}`}`.execute(db);
    return { key: `failed-own:${run}`, ...rows[0] };
  };
  const first = await fails();
  await rig.speaks("s", slack, "private");
  const again = await fails();
  assert.deepEqual([again.chat, again.edits], [first.chat, first.key], "not in the chat that was used last");
  await sql`update outbox set status = 'refused' where key = ${first.key}`.execute(db);
  assert.deepEqual(await noteRefusedReport(parts, { ...refusal(first.key, chat, "blocked"), chat: first.chat ?? "" }), [
    "slack:D1",
  ]);
  const moved = await fails();
  assert.deepEqual([moved.chat, moved.edits], ["slack:D1", `${first.key}|${first.chat}`]);
  await sql`delete from outbox where key = ${moved.edits}`.execute(db);
  const [anew, counted] = [await fails(), await fails()];
  assert.deepEqual([anew.edits, counted.chat, counted.edits], [null, anew.chat, anew.key]);
  assert.doesNotMatch(await rig.toldIn(group), /canary-6/);
});

test("who has left the chat that a schedule is of is told nothing more of it, also by a run under way, but how it goes on", async () => {
  const parts = rig.partsWith();
  await using _worker = await rig.work(parts);
  await rig.speaks("club", club, "shared");
  const inClub = { ...inGroup, chat: club };
  const [ours, once] = [
    await rig.made({ name: "ours7", deliver: ["telegram:7"] }, inClub),
    await rig.made({ name: "once7" }, inClub),
  ];
  const { run, errand } = await rig.begun(ours, "shared");
  await changeSchedule(rig.db, once.id, { status: "done", nextAt: null });
  await sql`update presences set left_at = now() where chat = ${club.chat}`.execute(rig.db);
  await landRun(parts, answered(errand, "canary-7"));
  assert.equal((await rig.stateOf(run)).status, "failed");
  const resume = new RegExp(
    `ours7.*is paused: you have left the chat it was made in\\. Write there again, then ./cron resume ${ours.number}. lets`,
  );
  const privately = async () => (await Promise.all([chat, discord, slack, web].map(rig.toldIn))).join("\n");
  assert.match(await privately(), resume);
  assert.match(await rig.said("list"), /ours7.*paused \(its owner has left the chat it was made in\)/);
  await rig.comesTo(await addRun(rig.db, once.id), "failed");
  assert.match(await privately(), /once7.*has no report: you have left.*`\/cron run \d+` runs it again/);
  assert.equal((await rig.reread(once.id)).status, "done");
  assert.doesNotMatch(`${await privately()}${await rig.toldIn(club)}${await rig.said("history ours7")}`, /canary-7/);
});

test("whoever is asked whether a schedule may change reads where it will report to; where several read, nobody's private chat", async () => {
  await rig.made({ name: "asked" }, inGroup);
  const question = async (asker: typeof alice) => {
    let shown = "";
    const ask: ToolContext["ask"] = async ({ text }) => {
      shown = text;
      return { type: "expired" };
    };
    const given: Pick<ToolContext, "ask" | "attended" | "schedules"> = {
      ask,
      attended: true,
      schedules: schedulePorts(rig.desk, { ...asker, chat: asker.chat ?? chat }),
    };
    // The rest is not its to use.
    await cronjob.run({ action: "update", job: "asked", deliver: "telegram:7,origin" }, given as ToolContext);
    return shown;
  };
  assert.match(await question(inGroup), /reports to a private chat, this chat$/);
  assert.match(await question(alice), /reports to `telegram:7`, `telegram:-55`$/);
});

test("a worker dies after it has begun a run's errand and before it noted it: the answer is told, once", async () => {
  const schedule = await rig.made({ name: "between" });
  const { run, errand } = await rig.begun(schedule, "private");
  const ended = answered(errand, "all is well");
  await Promise.all([landRun(rig.partsWith(), ended), landRun(rig.partsWith(), ended)]);
  await sql`update schedule_runs set lease_until = now() - interval '1 second' where id = ${run}`.execute(rig.db);
  assert.equal(await takeRun(rig.db, run, "other", 1_000), null, "nobody begins it again");
  assert.equal((await rig.toldIn(chat)).split("all is well").length, 2);
  assert.equal((await runsOf(rig.db, schedule.id, "private", 5))[0]?.status, "done");
});

test("a close waits for scripts no longer than it may, and others are begun meanwhile", { timeout: 30_000 }, async () => {
  const worker = await rig.work(rig.partsWith(rig.sandboxes), 100);
  const slow = await addRun(rig.db, (await rig.made({ name: "slow", script: "sleep 60", noAgent: true, prompt: "" })).id);
  await rig.comesTo(slow, "starting");
  const plain = await addRun(rig.db, (await rig.made({ name: "plain" })).id);
  await rig.comesTo(plain, "running");
  const began = performance.now();
  await worker.close();
  assert.ok(performance.now() - began < 10_000);
});

test("what a paused schedule had fired is not begun; what somebody asks for by hand is", { timeout: 30_000 }, async () => {
  const { db } = rig;
  const schedule = await rig.made({ name: "resting" });
  const at = await recordNow(db);
  await changeSchedule(db, schedule.id, { timing: { type: "once", at, zone: "UTC" }, nextAt: at });
  const fired = await fireBatch(db, 10, decideFiring);
  await changeSchedule(db, schedule.id, { status: "paused" });
  await using _worker = await rig.work(rig.partsWith());
  await rig.comesTo(fired.runs[0]?.id ?? "", "skipped");
  await rig.comesTo(await addRun(db, schedule.id), "running");
});

test("runs that wait don't wake the clock; asked for twice there is one; where 24 are open no more begin", async () => {
  const { db } = rig;
  const schedule = await rig.made({ name: "flooded" });
  await sql`update schedules set next_at = null`.execute(db);
  const [first, second] = await Promise.all([addRun(db, schedule.id), addRun(db, schedule.id)]);
  assert.equal(first, second);
  assert.equal(await untilDue(db), null);
  const now = await recordNow(db);
  await sql`insert into schedule_runs (id, schedule_id, instant, cause)
    select 'flood' || n, ${schedule.id}, now() - n * interval '1 hour', 'clock' from generate_series(1, 23) n`.execute(db);
  await changeSchedule(db, schedule.id, { nextAt: now - 1 });
  assert.equal((await fireBatch(db, 10, decideFiring)).runs.length, 0);
  assert.equal((await runsOf(db, schedule.id, "private", 1))[0]?.status, "skipped");
  assert.ok(((await rig.reread(schedule.id)).nextAt ?? 0) > now, "it goes on");
});

test("a schedule is named by a number, or by a name of several words with or without quotes; one that has run out needs --repeat", async () => {
  const { said } = rig;
  const { id } = await rig.made({ name: "news of" });
  await rig.made({ name: "news of the day" });
  assert.match(await said("edit news of the day short ones"), /\*\*news of the day\*\*: short ones/);
  assert.match(
    await said('edit "news of" the best --script "echo ""a -- b"" it\'s"'),
    /\*\*news of\*\*: the best[^]*echo "a -- b" it's/,
  );
  for (const verb of ["show", "history", "pause", "resume"]) assert.match(await said(`${verb} "news of"`), /news of\*\*/, verb);
  await changeSchedule(rig.db, id, { remaining: 0, status: "done", nextAt: null });
  assert.match(await said("edit news of --time 'every 3h'"), /has run as often as it was to\. Say --repeat too/);
  assert.match(await said("edit news of --time 'every 3h' --repeat 2 --yes"), /every 3h[^]*Runs left: 2/);
});

test("a change of the time is shown and waits for a yes: the newest, of whoever asked, once; what is paused meanwhile stays so", async () => {
  const { said, reread, db } = rig;
  const schedule = await rig.made({ name: "tides" });
  const asks = async (time: string) => {
    const text = await said(`edit tides --time "${time}"`);
    assert.match(text, new RegExp(`When: \`${time}\`[^]*Next: [^]*Then: [^]*Then: [^]*Save it\\?`));
    return /\/cron (save \d+ \w+)/.exec(text)?.[1] ?? assert.fail(text);
  };
  const [first, second] = [await asks("every 3h"), await asks("every 4h")];
  assert.equal((await reread(schedule.id)).said, "every 2h");
  assert.match(await said(first), /That change of tides waits no more.*\/cron edit \d+ … asks for a change again/);
  assert.match(await said(second, { ...inGroup, person: { ...person, id: "bob" } }), /nothing of yours/);
  const both = await Promise.all([said(second), said(second)]);
  assert.equal(both.filter((text) => /\*\*tides\*\* is saved as \d+\. Next on/.test(text)).length, 1, both.join());
  const { said: now, nextAt, status } = await reread(schedule.id);
  assert.deepEqual([now, status], ["every 4h", "active"]);
  assert.ok((nextAt ?? 0) > (await recordNow(db)) + 3 * 3_600_000);
  const third = await asks("every 5h");
  await said("pause tides");
  assert.match(await said(third), /is saved as \d+\. It is paused; `\/cron resume \d+` lets it go on\.$/);
  assert.deepEqual([(await reread(schedule.id)).said, (await reread(schedule.id)).status], ["every 5h", "paused"]);
  assert.match(await said("edit tides --missed all"), /Changed[^]*It is paused/);
  const fourth = await asks("every 6h");
  await said(fourth.replace("save", "drop"));
  assert.match(await said(fourth), /waits no more/);
  assert.match(await said(fourth.replace(/ \w+$/, "")), /no change of it waits/);
});

test("a change of the time that waits undoes nothing that was changed since, and is refused once the last run has been", async () => {
  const { said, reread, db } = rig;
  const { id, number } = await rig.made({ name: "ebb", prompt: "old", script: "echo a", noAgent: true, skills: ["s"] });
  const asked = await said(`edit ebb --time "every 3h" --continuity`);
  assert.match(asked, /every 3h[^]*Skills: `s`\nScript: `echo a`, without a model\nIt is told what its last run came to/);
  await said('edit ebb new --script "" --skills t');
  await said(`save ${number}`);
  const { prompt, work, said: time } = await reread(id);
  assert.deepEqual(
    [prompt, time, work],
    ["new", "every 3h", { skills: ["t"], script: null, noAgent: false, contextFrom: [], continuity: true }],
  );
  await changeSchedule(db, id, { remaining: 1 });
  await said('edit ebb --time "every 5h"');
  await changeSchedule(db, id, { remaining: 0, status: "done", nextAt: null });
  assert.match(await said(`save ${number}`), /has run as often as it was to\. Say --repeat too/);
  const { said: kept, status } = await reread(id);
  assert.deepEqual([kept, status], ["every 3h", "done"]);
});

test("a channel's name is known wherever a schedule is made, once its platform has told it, and takes its reports", async () => {
  for (const platform of ["discord", "slack"]) {
    const team = { platform, chat: "C10", thread: null };
    await rig.speaks(`team-${platform}`, team, "shared");
    const said = async () => await rig.said(`add every 2h look --name ${platform} --deliver ${platform}:#reports --yes`);
    assert.match(await said(), new RegExp(`I know no channel #reports on ${platform}`));
    await createChannelNames(rig.db).look(platform, async () => [{ chat: "C10", name: "Reports" }]);
    const text = await said();
    assert.match(text, new RegExp(`Reports to: Reports \\(\`${platform}:C10\`\\)`));
    const schedule = await scheduleByNumber(rig.db, null, Number(/Saved as (\d+)/.exec(text)?.[1]));
    const { errand } = await rig.begun(schedule ?? assert.fail(text), "shared");
    await landRun(rig.partsWith(), answered(errand, "the figures"));
    assert.equal(await rig.toldIn(team), "the figures");
  }
});

test("what a run without a chat of its own changes of somebody's memory is told in their private chat", async () => {
  const schedule = await rig.made({ name: "learning" }, inGroup);
  const { db } = rig;
  const rules = { memory: 2_200, user: 1_375, team: 350, teamWriters: "admin", notices: "on", home: null } as const;
  for (const [kind, wish] of [
    ["private", "here"],
    ["shared", "person"],
    ["shared", "here"],
  ] as const) {
    const { errand } = await rig.begun(schedule, kind);
    const where = { platform: "schedule", chat: errand.id, thread: null };
    const sender = { platform: "schedule", id: person.id, name: person.name };
    const request = { type: "message", key: "k", chat: where, kind, sender, at: 0, text: "", messageId: null } as const;
    const turn = { id: errand.id, request: { ...request, addressed: true } };
    const remember = rememberIn({ db, reader: { person, chat: where, kind }, rules, turn, changed: () => undefined });
    await remember({ action: "add", target: "memory", content: `Learnt ${kind} ${wish}.` }, wish);
    const chats = await tellChanges(db, { turn: errand.id }, (changes) => ({
      markdown: String(changes[0]?.after),
      replyTo: null,
    }));
    assert.equal(chats.length, wish === "here" && kind === "shared" ? 0 : 1, "of what nobody reads again, nobody is told");
  }
  const own = (await Promise.all([chat, discord, slack, web].map(rig.toldIn))).join("\n");
  for (const told of ["Learnt private here.", "Learnt shared person."]) assert.equal(own.split(told).length, 2, told);
  assert.doesNotMatch(await rig.toldIn(group), /Learnt/);
});
