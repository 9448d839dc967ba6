import assert from "node:assert/strict";
import { chown, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeHome } from "../../src/cli/service/home-folder.ts";
import { installService } from "../../src/cli/service/install.ts";
import { scarcity } from "../../src/config/disk-space.ts";
import type { ServiceManager } from "../doubles/systemd.ts";
import { serviceRig } from "./service-rig.ts";

test("hermes gateway install: writes, takes in and enables the unit, names the next command, and is the same again and again", async (t) => {
  const { run, unit, manager, home } = await serviceRig(t);
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
  const { run, unit } = await serviceRig(t);
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
  const { run, unit, home, manager } = await serviceRig(t);
  await writeFile(join(home, "config.yaml"), "agent:\n  drain_timeout: soon\n");
  const { status, err } = await run("gateway", "install");
  assert.equal(status, 78);
  assert.match(err, /The configuration has errors; nothing was installed\.\n.*drain_timeout/);
  await assert.rejects(readFile(unit), { code: "ENOENT" });
  assert.deepEqual(await manager.calls(), []);
});

test("what only this shell knows is named: a service begins without it", async (t) => {
  const { run, env, home } = await serviceRig(t);
  Object.assign(env, { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", TELEGRAM_BOT_TOKEN: `1234567:${"a".repeat(35)}` });
  const { out } = await run("gateway", "install");
  assert.match(out, new RegExp(`Set in this shell only.*OPENAI_BASE_URL, TELEGRAM_BOT_TOKEN\\. Put it into ${home}/\\.env`));
  // What is to be typed asks for the value: a shell keeps what is typed.
  assert.match(
    out.replaceAll(/\s+/g, " "),
    /These ask for them: `hermes config set OPENAI_BASE_URL`, `hermes config set TELEGRAM_BOT_TOKEN`\./,
  );
  assert.doesNotMatch(out, /aaaa/);
});

test("a service of the platforms or the turns alone needs both servers in .env", async (t) => {
  const { run, env, home, root } = await serviceRig(t);
  Object.assign(env, { REDIS_URL: "redis://127.0.0.1:1" });
  const refused = await run("gateway", "install", "--mode", "worker");
  assert.equal(refused.status, 78);
  assert.match(refused.err, /needs REDIS_URL and DATABASE_URL in .*\.env/);
  assert.match(refused.err, /`hermes config set REDIS_URL`, `hermes config set DATABASE_URL`\. Or install/);
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
    set: async (manager: ServiceManager) => await manager.answer("is-system-running", "offline\n", 1),
    says: /No systemd looks after this machine \(systemctl says: offline\)\.\n.*`hermes gateway start` runs it in the background/,
  },
  {
    why: "a login without a bus",
    set: async (manager: ServiceManager) =>
      await manager.answer("--user is-system-running", "Failed to connect to bus: No medium found\n", 1),
    says: /no service manager of its own \(systemctl says: Failed to connect to bus.*enable-linger.*--system.*hermes gateway start/,
  },
]) {
  test(`no systemd to install into (${why}): clear words, the way out, and nothing written`, async (t) => {
    const { run, manager, unit } = await serviceRig(t);
    await set(manager);
    const { status, err } = await run("gateway", "install");
    assert.equal(status, 1);
    assert.match(err.replaceAll("\n        ", "\n"), new RegExp(says.source, "s"));
    await assert.rejects(readFile(unit), { code: "ENOENT" });
  });
}

test("no systemctl at all is said as such", async (t) => {
  const { run, env, root } = await serviceRig(t);
  env["PATH"] = root;
  assert.match((await run("gateway", "install")).err, /No systemd looks after this machine \(systemctl was not found\)/);
});

test("--system asks whose service it is, and says that it needs root", async (t) => {
  const { run } = await serviceRig(t);
  const { status, err } = await run("gateway", "install", "--system");
  assert.equal(status, 78);
  assert.match(
    err,
    process.getuid?.() === 0 ? /isn't said which account.*--run-as NAME/s : /by root only.*sudo env "PATH=\$PATH"/s,
  );
  assert.match((await run("gateway", "install", "--system", "--run-as", "no one; rm")).err, /There is no account|by root only/);
});

test("root makes another account's home with that account's rights, and none of its own there", async (t) => {
  const { root, home, env, run, unit } = await serviceRig(t);
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

test("hermes gateway uninstall stops it and takes the unit away, and nothing else", async (t) => {
  const { run, manager, unit, home } = await serviceRig(t);
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
  const { run, manager, root } = await serviceRig(t);
  await manager.answer("show-user", "Linger=no\n");
  await mkdir(join(root, ".config/systemd/user"), { recursive: true });
  await writeFile(join(root, ".config/systemd/user/hermes-gateway.service"), "");
  const { out } = await run("gateway", "install");
  assert.match(out, /sudo loginctl enable-linger/);
  assert.match(out, /original's service.*disable --now hermes-gateway/);
});

test("on macOS it is an agent of launchd", async (t) => {
  const { manager, env, home, root, run } = await serviceRig(t);
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
  const { run, env, root } = await serviceRig(t);
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
