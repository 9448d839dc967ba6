import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { type TestContext, test } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";
import { makeHome } from "../../src/cli/service/home-folder.ts";
import { identityOf } from "../../src/cli/service/identity.ts";
import { installService } from "../../src/cli/service/install.ts";
import { complaint, runProgram } from "../../src/cli/service/programs.ts";
import { scarcity } from "../../src/config/disk-space.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { serviceManager, shown } from "../doubles/systemd.ts";

/** A person with a home and a systemd (or a launchd) that does as it is told. */
async function rig(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "hermes-service-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const manager = await serviceManager(join(root, "bin"));
  const home = join(root, ".hermes");
  await mkdir(home);
  const env: Record<string, string> = {
    HOME: root,
    HERMES_HOME: home,
    PATH: [manager.folder, "/usr/bin", "/bin"].join(delimiter),
    XDG_RUNTIME_DIR: root,
  };
  const run = async (...args: readonly string[]) => {
    let [out, err] = ["", ""];
    const status = await hermes(args, {
      env,
      stdin: Readable.from([]),
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
    });
    return { status, out, err };
  };
  const unit = join(root, ".config/systemd/user/hermes-team.service");
  return { root, home, env, manager, run, unit };
}

test("hermes gateway install: writes, takes in and enables the unit, names the next command, and is the same again and again", async (t) => {
  const { run, unit, manager, home } = await rig(t);
  const first = await run("gateway", "install");
  assert.equal(first.status, 0, first.err);
  assert.match(first.out, new RegExp(`^Wrote ${unit}\nIt runs: /.* start\nNext: hermes gateway start\n$`));
  assert.match(await readFile(unit, "utf8"), new RegExp(`HERMES_HOME=${home}`));
  const calls = await manager.calls();
  assert.deepEqual(
    calls.filter((call) => /daemon-reload|enable|start/.test(call)),
    ["systemctl --user daemon-reload", "systemctl --user enable hermes-team.service"],
  );
  const again = await run("gateway", "install");
  assert.match(again.out, /is up to date already\n[^]*Next: hermes gateway start\n$/);
  // A longer drain is a longer stop.
  await run("config", "set", "agent.drain_timeout", "600");
  assert.match((await run("gateway", "status")).out, /not what would be installed now \(hermes gateway install\)/);
  assert.match((await run("gateway", "install")).out, /^Brought .* up to date\n[^]*Next: hermes gateway restart\n$/);
  assert.match(await readFile(unit, "utf8"), /TimeoutStopSec=630\n/);
  assert.doesNotMatch((await run("gateway", "status")).out, /would be installed now/);
});

test("a unit that somebody has changed is left alone until --force, which keeps it", async (t) => {
  const { run, unit } = await rig(t);
  await run("gateway", "install");
  const changed = `${await readFile(unit, "utf8")}MemoryMax=1G\n`;
  await writeFile(unit, changed);
  const refused = await run("gateway", "install");
  assert.equal(refused.status, 78);
  assert.match(
    refused.err,
    /was changed by hand \(MemoryMax=1G\); it is left as it is\.\n.*systemctl --user edit hermes-team.*--force/,
  );
  assert.equal(await readFile(unit, "utf8"), changed);
  assert.match((await run("gateway", "install", "--force")).out, /the one before is kept as .*\.bak/);
  assert.equal(await readFile(`${unit}.bak`, "utf8"), changed);
  await writeFile(unit, "[Service]\nExecStart=/bin/mine\n");
  assert.match((await run("gateway", "install")).err, /not from `hermes gateway install`/);
  assert.match((await run("gateway", "uninstall")).out, /No service is installed/);
});

test("the configuration comes first: with an error in it nothing is installed", async (t) => {
  const { run, unit, home, manager } = await rig(t);
  await writeFile(join(home, "config.yaml"), "agent:\n  drain_timeout: soon\n");
  const { status, err } = await run("gateway", "install");
  assert.equal(status, 78);
  assert.match(err, /The configuration has errors; nothing was installed\.\n.*drain_timeout/);
  await assert.rejects(readFile(unit), { code: "ENOENT" });
  assert.deepEqual(await manager.calls(), []);
});

test("what only this shell knows is named: a service begins without it", async (t) => {
  const { run, env, home } = await rig(t);
  Object.assign(env, { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", TELEGRAM_BOT_TOKEN: `1234567:${"a".repeat(35)}` });
  const { out } = await run("gateway", "install");
  assert.match(out, new RegExp(`Set in this shell only.*OPENAI_BASE_URL, TELEGRAM_BOT_TOKEN\\. Put it into ${home}/\\.env`));
  assert.doesNotMatch(out, /aaaa/);
});

test("a service of the platforms or the turns alone needs both servers in .env", async (t) => {
  const { run, env, home, root } = await rig(t);
  Object.assign(env, { REDIS_URL: "redis://127.0.0.1:1" });
  const refused = await run("gateway", "install", "--mode", "worker");
  assert.equal(refused.status, 78);
  assert.match(refused.err, /needs REDIS_URL and DATABASE_URL in .*\.env/);
  await writeFile(join(home, ".env"), "REDIS_URL=redis://127.0.0.1:1\nDATABASE_URL=postgres://a@127.0.0.1/a\n");
  delete env["REDIS_URL"];
  for (const mode of ["worker", "gateway"]) assert.equal((await run("gateway", "install", "--mode", mode)).status, 0);
  const units = await readdir(join(root, ".config/systemd/user"));
  assert.deepEqual(units.toSorted(), ["hermes-team-gateway.service", "hermes-team-worker.service"]);
  // Without a mode, those that are installed are meant.
  const both: unknown = JSON.parse((await run("gateway", "status", "--json")).out);
  assert.deepEqual(Array.isArray(both) && both.map(({ mode }) => mode), ["gateway", "worker"]);
  assert.equal((await run("gateway", "status", "--mode", "everything")).status, 2);
});

for (const { why, set, says } of [
  {
    why: "a container or another init system",
    set: async (manager: Awaited<ReturnType<typeof rig>>["manager"]) => await manager.answer("is-system-running", "offline\n", 1),
    says: /No systemd looks after this machine \(systemctl says: offline\)\.\n.*`hermes gateway start` runs it in the background/,
  },
  {
    why: "a login without a bus",
    set: async (manager: Awaited<ReturnType<typeof rig>>["manager"]) =>
      await manager.answer("--user is-system-running", "Failed to connect to bus: No medium found\n", 1),
    says: /no service manager of its own \(systemctl says: Failed to connect to bus.*enable-linger.*--system.*hermes gateway start/,
  },
]) {
  test(`no systemd to install into (${why}): clear words, the way out, and nothing written`, async (t) => {
    const { run, manager, unit } = await rig(t);
    await set(manager);
    const { status, err } = await run("gateway", "install");
    assert.equal(status, 1);
    assert.match(err.replaceAll("\n        ", "\n"), new RegExp(says.source, "s"));
    await assert.rejects(readFile(unit), { code: "ENOENT" });
  });
}

test("no systemctl at all is said as such", async (t) => {
  const { run, env, root } = await rig(t);
  env["PATH"] = root;
  assert.match((await run("gateway", "install")).err, /No systemd looks after this machine \(systemctl was not found\)/);
});

test("--system asks whose service it is, and says that it needs root", async (t) => {
  const { run } = await rig(t);
  const { status, err } = await run("gateway", "install", "--system");
  assert.equal(status, 78);
  assert.match(
    err,
    process.getuid?.() === 0 ? /isn't said which account.*--run-as NAME/s : /by root only.*sudo env "PATH=\$PATH"/s,
  );
  assert.match((await run("gateway", "install", "--system", "--run-as", "no one; rm")).err, /There is no account|by root only/);
});

test("root makes another account's home with that account's rights, and none of its own there", async (t) => {
  const { root, home, env, run, unit } = await rig(t);
  const isRoot = process.getuid?.() === 0;
  const account = { name: "nobody", uid: isRoot ? 65_534 : (process.getuid?.() ?? 0), gid: isRoot ? 65_534 : 0, home: root };
  await chown(root, account.uid, -1);
  await mkdir(join(root, "etc"));
  await symlink("etc", join(root, "link"));
  await makeHome(join(root, "new"), isRoot ? account : null, env);
  for (const folder of ["new", "new/logs"]) {
    const { uid, mode } = await stat(join(root, folder));
    assert.deepEqual([uid, mode & 0o777], [account.uid, 0o700]);
  }
  if (!isRoot) return;
  // What its owner has put a link to is not given away.
  await assert.rejects(makeHome(join(root, "link"), account, env), { message: /can't be made as nobody \(mkdir says: .*denied/ });
  assert.equal((await stat(join(root, "etc"))).uid, 0);
  assert.deepEqual(await readdir(join(root, "etc")), []);
  // With sudo, but not for the whole machine, it would be root's manager that looks after somebody else's home.
  await chown(home, account.uid, account.gid);
  const { status, err } = await run("gateway", "install", "--start");
  assert.equal(status, 78);
  assert.match(err, /belongs to another account.*Type it without sudo/s);
  await assert.rejects(readFile(unit), { code: "ENOENT" });
});

test("systemd that refuses is quoted, with where to look", async (t) => {
  const { run, manager, home } = await rig(t);
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
  const { run, manager, home } = await rig(t);
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
    await serveControl(home, { handle: async () => ({ ok: false, text: "It is a talk at a terminal: leave it there." }) }),
  );
  assert.match((await run("gateway", "stop")).err, /does not stop when asked: It is a talk at a terminal.*\n.*with Ctrl-D\./);
});

for (const mode of ["all", "worker"] as const) {
  test(`a service has started once it serves, not when its process is there (${mode})`, async (t) => {
    const { run, manager, home } = await rig(t);
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
  const { run, manager, home } = await rig(t);
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

test("hermes gateway uninstall stops it and takes the unit away, and nothing else", async (t) => {
  const { run, manager, unit, home } = await rig(t);
  await run("gateway", "install");
  await manager.fail("disable", "Failed to disable unit: Access denied");
  const refused = await run("gateway", "uninstall");
  assert.equal(refused.status, 1);
  assert.match(refused.err, /Access denied\n.*Type it with sudo\./);
  await manager.fail("disable", null);
  const { status, out } = await run("gateway", "uninstall");
  assert.equal(status, 0);
  assert.match(out, new RegExp(`removed ${unit}\\. ${home} stays as it is`));
  assert.ok((await manager.calls()).includes("systemctl --user disable --now hermes-team.service"));
  await assert.rejects(readFile(unit), { code: "ENOENT" });
  assert.match((await run("gateway", "uninstall")).out, /No service is installed/);
  // What somebody has changed is not lost with it; and without systemd, which can't be asked any more, the file goes all the same.
  await run("gateway", "install");
  await writeFile(unit, `${await readFile(unit, "utf8")}MemoryMax=1G\n`);
  await manager.answer("is-system-running", "offline\n", 1);
  await manager.fail("disable", "System has not been booted with systemd as init system (PID 1). Can't operate.");
  await manager.fail("daemon-reload", "System has not been booted with systemd as init system (PID 1). Can't operate.");
  assert.match((await run("gateway", "status")).out, /note {6}No systemd looks after this machine/);
  assert.match((await run("gateway", "uninstall")).out, /a copy is kept as \.bak/);
  assert.match(await readFile(`${unit}.bak`, "utf8"), /MemoryMax=1G/);
  await assert.rejects(readFile(unit), { code: "ENOENT" });
});

test("advice on lingering, and on the original's service, where it is needed", async (t) => {
  const { run, manager, root } = await rig(t);
  await manager.answer("show-user", "Linger=no\n");
  await mkdir(join(root, ".config/systemd/user"), { recursive: true });
  await writeFile(join(root, ".config/systemd/user/hermes-gateway.service"), "");
  const { out } = await run("gateway", "install");
  assert.match(out, /sudo loginctl enable-linger/);
  assert.match(out, /original's service.*disable --now hermes-gateway/);
});

test("on macOS it is an agent of launchd", async (t) => {
  const { manager, env, home, root, run } = await rig(t);
  await manager.answer("print", "");
  const installed = await installService({ env, home }, { platform: "darwin" });
  assert.equal(installed.file, join(root, "Library/LaunchAgents/hermes-team.plist"));
  assert.equal(installed.next, "hermes gateway start");
  assert.match((await manager.calls()).join("\n"), /launchctl enable gui\/\d+\/hermes-team/);
  assert.equal((await installService({ env, home }, { platform: "darwin" })).change, "unchanged");
  t.mock.property(process, "platform", "darwin");
  await manager.answer("print", `\tstate = running\n\tpid = ${process.pid}\n\truns = 1\n`);
  assert.match((await run("gateway", "status")).out, new RegExp(`process ${process.pid}`));
  await manager.answer("print", "\tstate = not running\n\tlast exit code = 1\n\truns = 3\n");
  const failed = await run("gateway", "status");
  assert.equal(failed.status, 1);
  assert.match(failed.out, /failed \(exit status 1\).*restarted 2 times/);
  // Over SSH there is no graphical login, and in a build job nothing at all.
  await manager.answer("print", "Could not find domain for\n", 113);
  await assert.rejects(installService({ env, home }, { platform: "darwin" }), {
    message: /launchd can't be asked here \(launchctl says: Could not find domain for\)/,
  });
});

test("a home that can't be made is said as such, whichever command meets it", async (t) => {
  const { run, env, root } = await rig(t);
  await writeFile(join(root, "file"), "");
  env["HERMES_HOME"] = join(root, "file", "home");
  for (const command of [
    ["start", "--quiet"],
    ["gateway", "start"],
  ]) {
    const { status, err } = await run(...command);
    assert.equal(status, 78, command.join(" "));
    assert.match(err, /file\/home.* can't be written[^]*Make it writable, or set HERMES_HOME to another directory/);
  }
  assert.equal((await run("status")).status, 1);
  assert.equal((await run("gateway", "status")).status, 3);
});

test("a disk without room is named: a home there could not even begin", async () => {
  // The kernel's own file systems have none.
  assert.match((await scarcity("/proc/self/none/home")) ?? "", /^The disk of .* has only 0 KB left: make room/);
  assert.equal(await scarcity("/none/at/all/home"), await scarcity("/"));
});

test("a program that never answers is given up, and said to be silent", async () => {
  const ran = await runProgram("sleep", ["60"], process.env, 20);
  assert.deepEqual([ran.status, ran.found], [null, true]);
  assert.equal(complaint(ran, "sleep"), "sleep did not answer in time");
});

test("a process is told from a later one of its number", async () => {
  const own = await identityOf(process.pid);
  assert.ok(own !== null && Math.abs((own.startedAt ?? 0) - (Date.now() - process.uptime() * 1_000)) < 5_000);
  assert.deepEqual(await identityOf(process.pid), own);
  assert.notEqual((await identityOf(1))?.key, own.key);
  assert.equal(await identityOf(2 ** 22 + 1), null);
});
