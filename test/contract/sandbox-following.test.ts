import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import os, { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Config } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { followSandboxes, sshOf } from "../../src/main/sandboxes.ts";
import { accountName } from "../../src/sandbox/account.ts";
import { startSshd } from "../services/sshd.ts";
import { silent } from "./database-forms.ts";
import { run } from "./sandbox-forms.ts";

/** The sandboxes of a home whose `terminal` section the test sets. */
async function following(t: TestContext, first: Partial<Config["terminal"]>) {
  const home = await mkdtemp(join(tmpdir(), "hermes-following-"));
  const { config } = await loadConfig({ env: { HERMES_HOME: home } });
  const now = { current: { ...config, terminal: { ...config.terminal, ...first } } };
  const follow = { ...now, refresh: () => Promise.resolve(now.current) };
  const sandboxes = followSandboxes(follow, silent);
  t.after(async () => {
    await sandboxes.close();
    await rm(home, { recursive: true, force: true });
  });
  const set = (terminal: Partial<Config["terminal"]>): void => {
    now.current = { ...now.current, terminal: { ...now.current.terminal, ...terminal } };
  };
  const say = async (session: string): Promise<string> =>
    (await run(await sandboxes.open({ key: "ann", label: "ann" }, session), "echo hi")).output;
  return { sandboxes, set, say, home };
}

test("a change that can't be opened is told of, and tried again until it can", async (t) => {
  await using sshd = await startSshd();
  const { sandboxes, set, say } = await following(t, { backend: "local" });
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  assert.equal(await say("s1"), "hi\n");
  await sshd.unplug();
  const { port: sshPort, user: sshUser, key: sshKey, knownHosts: sshKnownHosts } = sshd;
  set({ backend: "ssh", sshHost: "127.0.0.1", sshPort, sshUser, sshKey, sshKnownHosts });
  assert.match(
    await say("s1"),
    /^\[Tell the user: terminal\.backend ssh can't be used: The SSH host .* does not answer[^]*again every 30 s\. Until then: The host itself[^]*\]\nhi\n$/,
  );
  assert.equal(await say("s1"), "hi\n", "once a session");
  assert.match(await say("s2"), /^\[Tell the user/);
  assert.match((await sandboxes.current()).why, /terminal\.backend is local\. terminal\.backend ssh can't be used/);
  await sshd.restore();
  assert.equal((await sandboxes.current()).name, "local", "not at each use");
  t.mock.timers.tick(31_000);
  assert.match(await say("s1"), /^\[Commands run elsewhere now[^]*by SSH[^]*\]\nhi\n$/);
  assert.equal((await sandboxes.current()).why, "terminal.backend is ssh.");
});

test("a change back ends the refusal", async (t) => {
  const { sandboxes, set, say } = await following(t, { backend: "local" });
  await say("s1");
  set({ backend: "ssh" });
  assert.match((await sandboxes.current()).why, /can't be used: terminal\.backend is ssh, but there is no host/);
  set({ backend: "local" });
  assert.equal((await sandboxes.current()).why, "terminal.backend is local.");
});

test("an account without a name is no fault", async (t) => {
  t.mock.method(os, "userInfo", () => {
    throw Object.assign(new Error("uv_os_get_passwd returned ENOENT"), { code: "ERR_SYSTEM_ERROR" });
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.equal(accountName(), process.env["USER"] ?? String(process.getuid?.()));
  for (const backend of ["virtual", "local"] as const) assert.equal(await (await following(t, { backend })).say("s1"), "hi\n");
  const { config } = await loadConfig({ env: {} });
  assert.equal(sshOf({ ...config.terminal, sshHost: "h" })?.user, accountName());
});

test("a workspace that a person has deleted is made again at the next command", async (t) => {
  const { say, home } = await following(t, { backend: "local" });
  await say("s1");
  await rm(join(home, "workspaces"), { recursive: true });
  assert.equal((await say("s2")).slice(-3), "hi\n");
});
