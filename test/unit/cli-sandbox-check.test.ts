import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { CheckInput } from "../../src/cli/doctor/check.ts";
import { checkSandbox } from "../../src/cli/doctor/sandbox.ts";
import type { Config } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Failure } from "../../src/core/failures.ts";
import { startSshd } from "../services/sshd.ts";

test("doctor says where commands run, and why; a host by SSH is tried", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "hermes-doctor-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const loaded = await loadConfig({ env: { HERMES_HOME: home } });
  const said = async (terminal: Partial<Config["terminal"]>): Promise<string> => {
    // No engine answers there, which is nobody's business but docker's.
    const config = {
      ...loaded.config,
      terminal: { ...loaded.config.terminal, dockerHost: "unix:///nonexistent.sock", ...terminal },
    };
    // Boundary: it uses no more of its input.
    const input = { loaded: { ...loaded, config } } as CheckInput;
    const [first] = await checkSandbox(input).catch((thrown: unknown) => {
      assert.ok(thrown instanceof Failure);
      return [{ state: "fail", text: thrown.message, mend: thrown.advice ?? "" }];
    });
    return `${first?.state}: ${first?.text} ${first?.mend}`;
  };
  assert.match(
    await said({ backend: "local" }),
    /^ok: Commands run on this host itself, without walls, as [\w-]+: terminal\.backend is local\. $/,
  );
  assert.match(await said({ backend: "virtual" }), /^ok: Commands run in the virtual shell: terminal\.backend is virtual\. $/);
  assert.match(
    await said({ backend: "auto" }),
    /^warn: Commands run in the virtual shell: The Docker engine .* does not answer.*Start Docker/,
  );
  assert.match(await said({ backend: "docker" }), /^fail: The Docker engine .* does not answer.*Start Docker/);
  assert.match(await said({ backend: "ssh" }), /^fail: terminal\.backend is ssh, but there is no host.*ssh_host HOST/);
  await using sshd = await startSshd();
  const { port: sshPort, user: sshUser, key: sshKey, knownHosts: sshKnownHosts } = sshd;
  const ssh = { backend: "ssh", sshHost: "127.0.0.1", sshPort, sshUser, sshKey, sshKnownHosts } as const;
  assert.match(await said(ssh), /^ok: Commands run on 127\.0\.0\.1:\d+ by SSH, without walls, as [\w-]+: .*It lets us in\. $/);
  assert.match(await said({ ...ssh, sshKnownHosts: join(home, "nobody") }), /^fail: .*not known yet.*ssh-keyscan/);
  assert.match(await said({ ...ssh, sshKey: sshd.strangerKey }), /^fail: .*does not let [\w-]+ in .*ssh-copy-id/);
});
