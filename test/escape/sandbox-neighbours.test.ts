import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test, { suite } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { openRig, type Rig, run } from "../contract/sandbox-forms.ts";
import { dockerAt, smallImage, startDocker } from "../services/docker.ts";
import { importSmallImage } from "../services/images.ts";
import { temporaryFolder } from "../services/processes.ts";

/** What one does must leave the other as it was, while it goes on. */
async function beside(rig: Rig, attack: (mallory: Sandbox) => Promise<void>): Promise<void> {
  const alice = await rig.open("alice");
  await alice.writeFile("secret", Buffer.from("alice's own"));
  const counted = run(alice, "i=0; while [ $i -lt 12 ]; do sleep 0.1; i=$((i+1)); done; echo through");
  // What the attack finds counts first: a rig that closes for its failure ends this, too.
  counted.catch(() => undefined);
  const mallory = await rig.open("mallory");
  await attack(mallory);
  assert.equal((await counted).output, "through\n");
  assert.equal((await run(alice, "cat secret; ls | wc -l")).output, "alice's own1\n");
  const { output, exitCode } = await run(mallory, "ls / > /dev/null && echo works");
  assert.equal(exitCode, 0);
  assert.match(output, /^works\n/);
}

suite("escape: docker, beside others", () => {
  test("another person's files, processes, shells and network are not there", async () => {
    await using rig = await openRig("docker");
    await beside(rig, async (mallory) => {
      const { output } = await run(
        mallory,
        `grep -rs "alice's own" /workspace /proc/[0-9]*/root/workspace /var/lib /mnt /media /home /run /tmp /dev/shm | grep -v "^/proc/self"
        ls /var/lib/docker /.hermes-egress 2>&1 | grep -c "No such"
        cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o "sleep 0[.]1" | head -1
        ls -A /workspace
        cat /proc/net/tcp /proc/net/unix | grep -vc "^  sl\\|^Num"`,
      );
      assert.equal(output.replace(/^.*grep -rs.*\n/m, ""), "2\n0\n");
    });
  });

  test("writing below /sys, tracing others' processes, devices and the metadata address", async () => {
    await using rig = await openRig("docker");
    await beside(rig, async (mallory) => {
      const writes = await run(
        mallory,
        "for f in /sys/kernel/uevent_helper /sys/power/state /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/module/x; do echo 1 > $f; done; mkdir /sys/fs/cgroup/mine; echo end",
      );
      assert.match(writes.output, /^(?:.*(?:Read-only|denied|No such file|nonexistent).*\n){6}end\n$/i);
      // As numbers, past every program that would ask first: ptrace, pivot_root, chroot, mount, reboot, init_module, kexec_load …
      const calls = [155, 161, 165, 169, 175, 246, 250, 272, 304, 308, 321];
      const traced = await run(
        mallory,
        `perl -e 'my %mine; opendir(D, "/proc"); $mine{$_} = 1 for readdir D; my $n = 0;
        for (2 .. 4000) { $n++ if !$mine{$_} && syscall(101, 16, $_, 0, 0) == 0 } print "traced $n\n";
        for (${calls.join(", ")}) { my $got = syscall($_, 0x10000000, 0, 0, 0, 0); print "$_ let\n" if $got != -1 } print "end\n"'`,
      );
      assert.equal(traced.output, "traced 0\nend\n");
      const reached = await run(
        mallory,
        "for a in 169.254.169.254:80 172.17.0.1:2375 172.17.0.2:80 10.0.0.1:80; do python3 -c \"import socket, sys; h, p = sys.argv[1].split(':'); socket.create_connection((h, int(p)), 2)\" $a 2>&1 | tail -1; done; mknod d c 1 8; mknod e b 8 0; echo x > /dev/kmsg; echo end",
      );
      assert.match(reached.output, /^(?:.*unreachable.*\n){4}(?:.*(?:not permitted|denied|No such).*\n){3}end\n$/i);
    });
  });

  test("zombies and the far detached end with a command that is out of time; nothing piles up", async () => {
    await using rig = await openRig("docker");
    await beside(rig, async (mallory) => {
      const zombies = `python3 -c '
import os, time
for i in range(20):
    if os.fork() == 0: os._exit(0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(100)
time.sleep(100)'`;
      const { end } = await run(mallory, zombies, { timeoutMs: 1_000 });
      assert.equal(end, "timed_out");
      const left = await run(
        mallory,
        "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'os.for[k]'",
      );
      assert.equal(left.output, "0\n0\n");
    });
  });

  test("bombs and floods beside others: of processes, of memory, of output", async () => {
    await using rig = await openRig("docker", { lifetimeMs: 60_000 });
    await beside(rig, async (mallory) => {
      await run(mallory, "b() { b | b & }; b; sleep 1", { timeoutMs: 2_000 }).catch((thrown: Error) =>
        assert.match(thrown.message, /sandbox/i),
      );
      await run(mallory, "python3 -c 'x = bytearray(10**9)'").catch((thrown: Error) => assert.match(thrown.message, /memory/));
      const flood = await run(mallory, "yes | head -c 50000000");
      assert.ok(flood.output.length < 200_000);
    });
  });

  test("the engine stopped in mid-command and started again: clear words, and everything goes on", async () => {
    const folder = temporaryFolder("docker-again");
    const first = await startDocker({ path: folder.path, remove: () => undefined });
    let running = first;
    await using stack = new AsyncDisposableStack();
    stack.defer(() => running[Symbol.asyncDispose]());
    await importSmallImage(dockerAt(first.host));
    await using rig = await openRig("docker", { image: smallImage, dockerHost: first.host, warm: 1 });
    const sandbox = await rig.open();
    await run(sandbox, "echo kept > kept; cd /tmp");
    const broken = run(sandbox, "echo begun; sleep 100", { onOutput: () => void first[Symbol.asyncDispose]() });
    await assert.rejects(broken, /went away while this ran; it may have been done in part/);
    await assert.rejects(run(sandbox, "true"), /Docker engine at .* does not answer/);
    running = await startDocker(folder);
    const { output } = await run(sandbox, "pwd; cat /workspace/kept");
    assert.match(output, /\/workspace\nkept\n/);
    assert.equal((await run(await rig.open("bob"), "echo new")).output, "new\n");
    const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
    assert.equal((await dockerAt(first.host).getContainer(`hermes-${home}-alice`).inspect()).State.Running, true);
  });
});
