import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import test, { suite } from "node:test";
import { dockerAt, smallImage } from "../services/docker.ts";
import { openRig, type Rig, run } from "./sandbox-forms.ts";

suite("sandbox: docker's containers made ahead", () => {
  test("a new chat gets one that was ready, another is made, and its files outlive its container", async () => {
    await using rig = await openRig("docker", { image: smallImage, warm: 1 });
    const [ready] = await warm(rig, 1);
    const sandbox = await rig.open();
    assert.equal(
      (await run(sandbox, "id -u; pwd; echo mine > kept; ls -ld . | cut -c1-10")).output,
      "1000\n/workspace\ndrwxr-xr-x\n",
    );
    const owned = dockerOf(rig).getContainer(nameOf(rig, "-alice"));
    const info = await owned.inspect();
    assert.equal(info.Id, ready?.Id);
    assert.deepEqual(
      [info.HostConfig.NetworkMode, info.HostConfig.PidsLimit, info.HostConfig.Memory, info.HostConfig.ReadonlyRootfs],
      ["none", 64, 256 * 1024 * 1024, true],
    );
    const [second] = await warm(rig, 1);
    assert.notEqual(second?.Id, ready?.Id);
    await owned.remove({ force: true });
    assert.match((await run(sandbox, "cat kept; ls -A")).output, /^mine\nkept\n\[The sandbox was started anew/);
  });

  test("eight chats at two workers: each has its own container and an empty workspace; one chat at both has one", async () => {
    await using rig = await openRig("docker", { image: smallImage, warm: 2 });
    const other = await rig.again();
    await warm(rig, 4);
    const owners = ["a", "b", "c", "d", "e", "f", "both", "both"].map((key) => ({ key, label: key }));
    const sandboxes = await Promise.all(
      owners.map((owner, index) => (index % 2 === 0 ? rig.backend : other).open(owner, `s${index}`)),
    );
    await Promise.all(sandboxes.map((sandbox, index) => run(sandbox, `echo ${owners[index]?.key} >> who`)));
    const said = await Promise.all(sandboxes.map((sandbox) => run(sandbox, "cat who; ls | wc -l")));
    assert.deepEqual(
      said.map(({ output }) => output),
      [...["a", "b", "c", "d", "e", "f"].map((key) => `${key}\n1\n`), "both\nboth\n1\n", "both\nboth\n1\n"],
    );
    const names = (await containersOf(rig)).map(({ Names }) => Names[0] ?? "").filter((name) => !name.includes("_warm-"));
    assert.equal(names.length, 7);
  });

  test("one that was taken for a chat that can have none stays ready for the next", async () => {
    await using rig = await openRig("docker", { image: smallImage, warm: 1 });
    const [ready] = await warm(rig, 1);
    await assert.rejects(async () => run(await rig.open("no!name"), "true"));
    await run(await rig.open(), "true");
    assert.equal((await dockerOf(rig).getContainer(nameOf(rig, "-alice")).inspect()).Id, ready?.Id);
  });

  test("one that was used and given up is nobody else's, and one started again ends when idle", async () => {
    await using rig = await openRig("docker", { image: smallImage, warm: 1, lifetimeMs: 4_000 });
    await warm(rig, 1);
    await run(await rig.open("alice"), "echo secret > /tmp/left; echo secret > left; sleep 300 &");
    const alice = dockerOf(rig).getContainer(nameOf(rig, "-alice"));
    // On a busy machine its own clock may have been faster.
    await alice.kill().catch(() => undefined);
    const bob = await rig.open("bob");
    assert.equal((await run(bob, "cat /tmp/left /workspace/left 2>/dev/null; ls -A /workspace | wc -l")).output, "0\n");
    assert.equal((await run(await rig.open("alice"), "cat left; ls /tmp")).output.includes("secret"), true);
    // Nobody holds its stdin now: its own clock ends it.
    await alice.wait();
    assert.equal((await alice.inspect()).State.Running, false);
  });

  test("what a killed worker had ready ends with it, and the next sweep removes it; what we have not used goes when we close", async () => {
    await using rig = await openRig("docker", { image: smallImage });
    const { log: _log, ...options } = { ...rig.options, warm: 2 };
    const script = `
      import { openSandboxes } from ${JSON.stringify(join(import.meta.dirname, "../../src/sandbox/index.ts"))};
      const quiet = () => {};
      const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
      await openSandboxes("docker", { ...${JSON.stringify(options)}, log });
      setInterval(quiet, 1000);`;
    const worker = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    const ready = await warm(rig, 2);
    worker.kill("SIGKILL");
    await once(worker, "exit");
    await Promise.all(ready.map(({ Id }) => dockerOf(rig).getContainer(Id).wait()));
    await rig.backend.reap();
    assert.deepEqual(await containersOf(rig), []);
    const other = await rig.again({ warm: 1 });
    await warm(rig, 1);
    await other.close();
    assert.deepEqual(await containersOf(rig), []);
  });
});

/** Waits until so many are ready. */
async function warm(rig: Rig, count: number) {
  for (;;) {
    const found = (await containersOf(rig)).filter(({ Names, State }) => Names[0]?.includes("_warm-") && State === "running");
    if (found.length >= count) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function dockerOf(rig: Rig) {
  return dockerAt(rig.options.dockerHost ?? "");
}

function containersOf(rig: Rig) {
  return dockerOf(rig).listContainers({ all: true, filters: { name: [nameOf(rig, "")] } });
}

function nameOf(rig: Rig, owner: string): string {
  return `hermes-${createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10)}${owner}`;
}
