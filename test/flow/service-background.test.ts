import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { backgroundOf } from "../../src/cli/service/background.ts";
import { callControl } from "../../src/gateway/control-socket.ts";
import { serviceManager } from "../doubles/systemd.ts";
import { killLeftovers } from "../services/leftovers.ts";
import { freshHome, startHermes } from "./service.ts";
import { typed } from "./typed.ts";

/** A home on a machine without systemd; nothing of a test stays in the background. */
async function place(t: TestContext, record: "ready" | "none") {
  const home = await freshHome(record);
  const manager = await serviceManager(join(home.path, "bin"));
  await manager.answer("is-system-running", "offline\n", 1);
  const env: Record<string, string> = {
    HOME: home.path,
    HERMES_HOME: home.path,
    HERMES_HTTP_PORT: "0",
    HERMES_MODEL_PROBE: "",
    PATH: [manager.folder, process.env["PATH"] ?? ""].join(delimiter),
  };
  const run = async (...args: readonly string[]) => {
    const { status, stdout: out, stderr: err } = await typed(home.path, args, env);
    return { status, out, err };
  };
  killLeftovers(join(home.path, "start.background.json"));
  t.after(async () => {
    const stopped = await run("gateway", "stop");
    const left = await backgroundOf(home.path, "all");
    if (left !== null) process.kill(left.pid, "SIGKILL");
    await home[Symbol.asyncDispose]();
    assert.equal(stopped.status, 0, stopped.err);
  });
  return { home: home.path, env, run };
}

test("hermes gateway start, with nothing installed, works as typed: in the background, once, until hermes gateway stop", async (t) => {
  const { home, run } = await place(t, "ready");
  const [one, other] = await Promise.all([run("gateway", "start"), run("gateway", "start")]);
  const [won, lost] = one.status === 0 && /Started/.test(one.out) ? [one, other] : [other, one];
  const pid = /Started in the background: process (\d+)\./.exec(won.out)?.[1] ?? "";
  assert.ok(pid !== "", `${won.out}${won.err}${lost.err}`);
  // The second of two starts at once says who has the home.
  assert.match(
    `${lost.out}${lost.err}`,
    new RegExp(`in use by (?:process ${pid}|another start)|runs already on .*: process ${pid}`),
  );
  const again = await run("gateway", "start");
  assert.equal(again.status, 0);
  assert.match(again.out, new RegExp(`runs already on ${home}: process ${pid}, up \\d.*background`));
  const second = await run("start", "--quiet");
  assert.equal(second.status, 69);
  assert.match(second.err, new RegExp(`${home} is in use by process ${pid}\\.\n.*hermes gateway stop`));
  const status = await run("gateway", "status", "--json");
  assert.equal(status.status, 0);
  assert.partialDeepStrictEqual(JSON.parse(status.out), { running: true, by: "background", pid: Number(pid), unit: null, home });
  assert.partialDeepStrictEqual(JSON.parse((await run("status", "--json")).out), { running: true, pid: Number(pid) });
  const asked = await run("chat", "-q", "hello");
  assert.match(asked.out, /\S/, asked.err);
  const stopped = await run("gateway", "stop");
  assert.equal(stopped.status, 0);
  assert.match(stopped.out, /^Stopping: running turns get up to 30 s[^]*\nStopped after \d+ s\.\n$/);
  // Started by a command of this process, it may still be to be reaped by it.
  assert.match(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone"), /^gone$|\) Z /);
  assert.equal(await callControl(home, { command: "who", args: [] }), null);
  assert.match((await run("gateway", "stop")).out, /does not run on/);
  assert.equal((await run("gateway", "status")).status, 3);
  const log = await run("gateway", "logs", "-n", "1");
  assert.match(log.out, /^\d\d-\d\d \d\d:\d\d:\d\d info {2}stopped\n$/);
  const turn = /a turn is over {2}.*turn=([0-9a-f]{8})\n/.exec((await run("logs")).out)?.[1] ?? "";
  const course = await run("logs", "--turn", turn);
  assert.match(
    course.out,
    new RegExp(`a turn is worked on {2}turn=${turn}\\n[^]*a turn is over {2}end=answered ms=\\d+ turn=${turn}\\n`),
  );
  assert.doesNotMatch((await run("logs")).out, /hello/);
  assert.equal((await stat(join(home, "logs", "hermes.log"))).mode & 0o777, 0o600);
});

test("a process that got the number of one that is gone is never touched", async (t) => {
  const { home, run } = await place(t, "none");
  // As a crash leaves it; meanwhile the number belongs to this test.
  await writeFile(join(home, "start.background.json"), JSON.stringify({ pid: process.pid, identity: "another boot 1" }));
  const status = await run("gateway", "status");
  assert.equal(status.status, 3);
  assert.match(status.out, /^stopped .*\n[^]*ended by itself or with the machine/);
  assert.match((await run("gateway", "stop")).out, /does not run on/);
  for (const torn of ["", "{", '{"pid":-1,"identity":"x"}', '{"pid":"1"}', "null"]) {
    await writeFile(join(home, "start.background.json"), torn);
    assert.equal((await run("gateway", "status")).status, 3, torn);
  }
});

test("hermes gateway stop asks one that was started by hand; a start that fails says why, and leaves nothing behind", async (t) => {
  const { home, env, run } = await place(t, "ready");
  // As systemd starts it: its journal is read by others, so the page's token stays out of it, and by people, so it is in words.
  await using byHand = startHermes({ mode: "start", home, env: { ...env, JOURNAL_STREAM: "8:12345" } });
  await byHand.printed(/Hermes is ready\. Open http:\S+\/ with the token that `hermes status` shows/);
  await byHand.printed(/^\d\d:\d\d:\d\d info {2}model: /m);
  assert.doesNotMatch(byHand.output(), /token=/);
  assert.match((await run("status")).out, /\nPage: http:\S+token=\S+\n/);
  const held = await run("gateway", "start");
  assert.equal(held.status, 69);
  assert.match(held.out, /\(started by hand\)/);
  assert.match(held.err, /hermes gateway stop, then hermes gateway start/);
  const stopped = await run("gateway", "stop");
  assert.equal(stopped.status, 0, stopped.err);
  // The system may know of its end before this process is told.
  if (byHand.child.exitCode === null && byHand.child.signalCode === null) await once(byHand.child, "exit");
  assert.equal(byHand.child.exitCode, 0);
  const { status, err } = await run("gateway", "start", "--mode", "worker");
  assert.equal(status, 1);
  assert.match(err, /^hermes: Hermes did not start: hermes worker needs both REDIS_URL and DATABASE_URL/);
  await assert.rejects(readFile(join(home, "worker.background.json")), { code: "ENOENT" });
});
