import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { readNote, reserveNote } from "../../src/cli/service/background-note.ts";
import { identityOf } from "../../src/cli/service/identity.ts";
import { complaint, runProgram } from "../../src/cli/service/programs.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { shown } from "../doubles/systemd.ts";
import { serviceRig } from "./service-rig.ts";

test("systemd that refuses is quoted, with where to look", async (t) => {
  const { run, manager, home } = await serviceRig(t);
  await manager.fail("enable", "Failed to enable unit: Read-only file system");
  const failed = await run("gateway", "install");
  assert.equal(failed.status, 1);
  assert.match(failed.err, /systemctl enable .* did not work\. systemctl says: Failed to enable unit: Read-only/);
  await manager.fail("enable", null);
  await run("gateway", "install");
  await manager.fail("start", "Job for hermes-team.service failed.");
  assert.match((await run("gateway", "start")).err, /Job for hermes-team\.service failed\.\n.*journalctl --user -u hermes-team/);
  await manager.fail("start", null);
  await manager.becomes("start", shown("failed", 0, { Result: "exit-code", ExecMainStatus: "78" }));
  await mkdir(join(home, "logs"), { recursive: true });
  const line = { level: "error", time: new Date(Date.now() + 60_000).toISOString(), msg: "not started: the port is taken." };
  await writeFile(join(home, "logs", "hermes.log"), `${JSON.stringify(line)}\n`);
  const ended = await run("gateway", "start");
  assert.equal(ended.status, 1);
  assert.match(ended.err, /did not stay: exit-code, exit status 78: not started: the port is taken\.\n.*hermes logs/);
  const status = await run("gateway", "status");
  assert.equal(status.status, 1);
  assert.match(
    status.out,
    /^failed {4}everything in one process\nservice {3}hermes-team\.service, failed \(exit-code, exit status 78\)/,
  );
});

test("start, status, restart and stop of an installed service go through systemd", async (t) => {
  const { run, manager, home } = await serviceRig(t);
  await run("gateway", "install");
  assert.equal((await run("gateway", "status")).status, 3);
  // The process that the unit runs is this one: it holds the home's socket.
  const service = await serveControl(home, {
    handle: async () => ({ ok: true, text: "Running.\nTurns: 2 running, 0 waiting." }),
  });
  await service.close();
  const sockets: { close(): Promise<void> }[] = [];
  t.after(async () => await Promise.all(sockets.map((socket) => socket.close())));
  const serving = async () => {
    sockets.push(
      await serveControl(home, { handle: async () => ({ ok: true, text: "Running.\nTurns: 2 running, 0 waiting." }) }),
    );
    await manager.answer("show", shown("active", process.pid, { NRestarts: "1" }));
  };
  await manager.forget();
  await serving();
  const running = await run("gateway", "status");
  assert.equal(running.status, 0);
  assert.match(
    running.out,
    new RegExp(`^running {3}everything in one process: process ${process.pid}, up .* \\(hermes-team\\.service\\)`),
  );
  assert.match(running.out, /restarted 1 time\nwork {6}Turns: 2 running/);
  const facts: unknown = JSON.parse((await run("gateway", "status", "--json")).out);
  assert.partialDeepStrictEqual(facts, {
    running: true,
    by: "service",
    pid: process.pid,
    unit: { enabled: true, restarts: 1 },
    home,
  });
  assert.match((await run("gateway", "start")).out, new RegExp(`runs already on ${home}: process ${process.pid}`));
  assert.deepEqual(
    (await manager.calls()).filter((call) => / (start|stop) /.test(call)),
    [],
  );
  // Stopping ends the unit's process: here, the socket goes.
  await manager.becomes("stop", shown("inactive"));
  const stopping = run("gateway", "stop");
  while (!(await manager.calls()).some((call) => call.includes(" stop "))) await setImmediate();
  await sockets[0]?.close();
  const stopped = await stopping;
  assert.equal(stopped.status, 0, stopped.err);
  assert.match(stopped.out, /^Stopping: running turns get up to 30 s.*\nStopped after \d+ s\.\n$/);
  assert.ok((await manager.calls()).includes("systemctl --user stop hermes-team.service"));
  // Somebody talks at a terminal meanwhile.
  sockets.push(
    await serveControl(home, {
      handle: async () => ({ ok: false, text: "It is a talk at a terminal: leave it there." }),
      talks: true,
    }),
  );
  const talk = await run("gateway", "stop");
  assert.match(talk.err, /does not stop when asked: It is a talk at a terminal.*\n.*with Ctrl-D\.\n$/);
  assert.equal(talk.out, "");
  // It serves nobody, and is not what a second start is sent to `stop` for.
  const idle = await run("gateway", "status");
  assert.deepEqual(
    [idle.status, /^stopped .*\n[^]*note +The home is in use by process \d+, up .*a talk at a\s+terminal/.test(idle.out)],
    [3, true],
  );
  const second = serveControl(home, { handle: async () => ({ ok: true, text: "" }) });
  await assert.rejects(second, { message: /in use by process \d+, a talk at a terminal\./, advice: /Ctrl-D there/ });
  // The service is tried again and again while somebody talks: it is told of, and stopped; for a restart it is left waiting.
  const waiting = { SubState: "auto-restart", Result: "exit-code", ExecMainStatus: "69", NRestarts: "3" };
  await manager.answer("show", shown("activating", 0, waiting));
  await manager.forget();
  const shownNow = await run("gateway", "status");
  assert.match(shownNow.out, /\nservice {3}hermes-team\.service, waits to be started again \(exit-code, exit status 69\)/);
  const again = await run("gateway", "restart");
  assert.match(again.err, /with Ctrl-D\. hermes-team\.service starts by itself then\.\n$/);
  assert.match((await run("gateway", "start")).err, /hermes-team\.service waits, and starts once that has ended\./);
  assert.ok(!(await manager.calls()).some((call) => / (start|stop) /.test(call)));
  await manager.becomes("stop", shown("inactive"));
  const both = await run("gateway", "stop");
  assert.match(both.out, /^Stopped hermes-team\.service, which waited for the home to be free\.\n/);
  assert.match(both.err, /It is a talk at a terminal/);
  assert.ok((await manager.calls()).includes("systemctl --user stop hermes-team.service"));
});

for (const mode of ["all", "worker"] as const) {
  test(`a service has started once it serves, not when its process is there (${mode})`, async (t) => {
    const { run, manager, home } = await serviceRig(t);
    await writeFile(join(home, ".env"), "REDIS_URL=redis://127.0.0.1:1\nDATABASE_URL=postgres://a@127.0.0.1/a\n");
    await run("gateway", "install", "--mode", mode);
    await manager.forget();
    await manager.becomes("start", shown("active", process.pid));
    const starting = run("gateway", "start");
    const calls = async () =>
      (await manager.calls()).filter((call) => / (start|show) hermes/.test(call)).map((call) => call.split(" ")[2]);
    while (!(await calls()).includes("start")) await setImmediate();
    // As it is until the record is open.
    const socket = await serveControl(home, { handle: async () => ({ ok: false, text: "The service is still starting." }) });
    t.after(() => socket.close());
    while ((await calls()).join(" ").split("start")[1]?.includes("show show") !== true) await setImmediate();
    await manager.answer("show", shown("failed", 0, { Result: "exit-code", ExecMainStatus: "1" }));
    const { status, out, err } = await starting;
    assert.equal(status, 1, out);
    assert.match(err, /did not stay: exit-code, exit status 1/);
  });
}

test("the service takes over from what runs in the background", async (t) => {
  const { run, manager, home } = await serviceRig(t);
  await writeFile(join(home, ".env"), "REDIS_URL=redis://127.0.0.1:1\nDATABASE_URL=postgres://a@127.0.0.1/a\n");
  await run("gateway", "install", "--mode", "gateway");
  const child = spawn("sleep", ["600"]);
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  await once(child, "spawn");
  const identity = await identityOf(child.pid ?? 0);
  await writeFile(join(home, "gateway.background.json"), JSON.stringify({ pid: child.pid, identity: identity?.key }));
  await manager.becomes("start", shown("active", process.pid));
  await mkdir(join(home, "logs"), { recursive: true });
  const line = {
    level: "info",
    time: new Date(Date.now() + 60_000).toISOString(),
    msg: "model: one at http://a; sandbox: local",
  };
  await writeFile(join(home, "logs", "gateway.log"), `${JSON.stringify(line)}\n`);
  const { status, out, err } = await run("gateway", "start");
  assert.equal(status, 0, err);
  assert.match(
    out,
    new RegExp(`takes over\\.\n[^]*Stopped after[^]*Started hermes-team-gateway\\.service: process ${process.pid}\\.`),
  );
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

test("a program that never answers is given up, and said to be silent", async () => {
  const ran = await runProgram("sleep", ["60"], process.env, 20);
  assert.deepEqual([ran.status, ran.found], [null, true]);
  assert.equal(complaint(ran, "sleep"), "sleep did not answer in time");
});

test("of two starts at once one has the note, also where a crash has left an old one; the other never touches it", async (t) => {
  const { home } = await serviceRig(t);
  const file = join(home, "start.background.json");
  const { key: identity = "" } = (await identityOf(process.pid)) ?? {};
  const stale = { pid: process.pid, identity: "another boot 1" };
  const start = async () => {
    const own = await reserveNote(home, file);
    await own.write({ pid: process.pid, identity });
    return own;
  };
  for (let round = 0; round < 50; round += 1) {
    if (round % 2 === 0) await writeFile(file, JSON.stringify(stale));
    const starts = await Promise.allSettled([start(), start()]);
    assert.deepEqual(starts.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.deepEqual(await readNote(file), { pid: process.pid, identity });
    await rm(file);
  }
  const own = await reserveNote(home, file);
  await writeFile(file, JSON.stringify({ pid: process.pid, identity }));
  await own.drop();
  assert.deepEqual(await readNote(file), { pid: process.pid, identity });
  await rm(file);
  const another = await start();
  await another.drop();
  await (await reserveNote(home, file)).drop();
  assert.deepEqual(await readdir(home), ["logs"]);
});

test("a process is told from a later one of its number", async () => {
  const own = await identityOf(process.pid);
  assert.ok(own !== null && Math.abs((own.startedAt ?? 0) - (Date.now() - process.uptime() * 1_000)) < 5_000);
  assert.deepEqual(await identityOf(process.pid), own);
  assert.notEqual((await identityOf(1))?.key, own.key);
  assert.equal(await identityOf(2 ** 22 + 1), null);
});
