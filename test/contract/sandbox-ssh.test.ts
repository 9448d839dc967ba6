import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { once } from "node:events";
import ssh2 from "ssh2";
import { Failure } from "../../src/core/failures.ts";
import { openSandboxes } from "../../src/sandbox/index.ts";
import type { SshOptions } from "../../src/sandbox/ssh-connection.ts";
import { startSshd } from "../services/sshd.ts";
import { openRig, run, sshTo } from "./sandbox-forms.ts";

/** A backend for one server of the test's own. */
async function open(t: TestContext, ssh: SshOptions) {
  const directory = await mkdtemp(join(tmpdir(), "hermes-ssh-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await using rig = await openRig("virtual");
  const options = { ...rig.options, ssh, workdir: join(directory, "workspaces") };
  const backend = await openSandboxes("ssh", options);
  t.after(() => backend.close());
  return backend;
}

suite("sandbox: ssh's own promises", () => {
  test("a line that breaks in mid-command: a clear error, and the next command works on the same files", async (t) => {
    await using sshd = await startSshd();
    const backend = await open(t, sshTo(sshd));
    const sandbox = await backend.open({ key: "alice", label: "alice" }, "s1");
    await run(sandbox, "mkdir here && cd here && echo kept > file");
    const seen = Promise.withResolvers<void>();
    const broken = run(sandbox, "echo begun; sleep 30", { onOutput: () => seen.resolve() });
    await seen.promise;
    sshd.cut();
    await assert.rejects(broken, /connection to its host broke.*may have been done in part/);
    assert.equal((await run(sandbox, "cat ~+/file || cat here/file")).output.trim(), "kept");
  });

  test("a host that is away is told of, and is used again when it is back", async (t) => {
    await using sshd = await startSshd();
    const backend = await open(t, sshTo(sshd));
    const sandbox = await backend.open({ key: "alice", label: "alice" }, "s1");
    assert.equal((await run(sandbox, "echo one")).output, "one\n");
    await sshd.unplug();
    await assert.rejects(run(sandbox, "echo two"), /does not answer|broke|went away/);
    await sshd.restore();
    assert.match((await run(sandbox, "echo three")).output, /three\n$/);
  });

  test("a host that lets us in and runs nothing is left again, each time", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hermes-ssh-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const keys = ssh2.utils.generateKeyPairSync("ed25519");
    await writeFile(join(folder, "key"), keys.private, { mode: 0o600 });
    const ends: Promise<unknown>[] = [];
    const server = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
      ends.push(once(client, "close"));
      client.on("error", () => undefined);
      client.on("authentication", (wish) => wish.accept());
      client.on("session", (_accept, reject) => reject());
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const { port } = address;
    await writeFile(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${keys.public}\n`);
    const ssh = {
      host: "127.0.0.1",
      port,
      user: "ann",
      key: join(folder, "key"),
      knownHosts: join(folder, "known_hosts"),
      agent: null,
    };
    const backend = await open(t, ssh);
    for (const session of ["s1", "s2"])
      await assert.rejects(
        async () => run(await backend.open({ key: "alice", label: "alice" }, session), "true"),
        /Channel open failure/,
      );
    assert.ok(ends.length >= 3, String(ends.length));
    await Promise.all(ends);
  });

  test("a host that nobody vouches for is not spoken to; neither is one with another key than before", async (t) => {
    await using sshd = await startSshd();
    const nobody = join(await mkdtemp(join(tmpdir(), "hermes-ssh-")), "known_hosts");
    const refused = (knownHosts: string, says: RegExp) =>
      assert.rejects(open(t, { ...sshTo(sshd), knownHosts }), (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, "sandbox.unavailable");
        assert.match(`${error.message} ${error.advice}`, says);
        return true;
      });
    await refused(nobody, /not known yet.*SHA256:[\w+/]{43}.*ssh-keyscan -p \d+ 127\.0\.0\.1 >> /);
    const key = Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), randomBytes(32)]);
    await writeFile(nobody, `[127.0.0.1]:${sshd.port} ssh-ed25519 ${key.toString("base64")}\n`);
    await refused(nobody, /shows another key.*in between/);
  });

  test("a key that the host does not take names the user and the mend", async (t) => {
    await using sshd = await startSshd();
    await assert.rejects(open(t, { ...sshTo(sshd), key: sshd.strangerKey }), /does not let \w+ in with this SSH key/);
    await assert.rejects(open(t, { ...sshTo(sshd), key: "/nowhere/key" }), /\/nowhere\/key can't be read/);
  });

  test("without a host the key to set is named", async () => {
    await using rig = await openRig("virtual");
    await assert.rejects(openSandboxes("ssh", rig.options), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(`${error.message} ${error.advice}`, /no host.*terminal\.ssh_host/);
      return true;
    });
  });
});
