import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { suite } from "node:test";
import { watchLoop } from "../doubles/busy-loop.ts";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { openRig, type Rig, run } from "../contract/sandbox-forms.ts";
import { dockerAt } from "../services/docker.ts";

/** After whatever happened: the very next command works, and so do files. */
async function stillWorks(sandbox: Sandbox): Promise<void> {
  const { output, exitCode } = await run(sandbox, "ls / > /dev/null && echo works");
  assert.equal(exitCode, 0, output);
  assert.match(output, /^works\n/);
  await sandbox.writeFile("after.txt", Buffer.from("after"));
  assert.equal(Buffer.from(await sandbox.readFile("after.txt", 100)).toString(), "after");
}

function containerOf(rig: Rig, owner = "alice") {
  const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
  return dockerAt(rig.options.dockerHost ?? "").getContainer(`hermes-${home}-${owner}`);
}

const attacks: Record<string, { readonly command: string; readonly expect: RegExp }> = {
  mounting: {
    command: "mkdir -p m; mount -t tmpfs none m; mount --bind / m; echo end",
    expect: /(denied|permitted|must be superuser|not permitted)[^]*end/i,
  },
  "writing below /proc": {
    command: "echo 1 > /proc/sys/kernel/sysrq; echo x > /proc/sys/kernel/core_pattern; echo b > /proc/sysrq-trigger; echo end",
    // A kernel without SysRq has no such files.
    expect: /^(?:.*(?:Read-only|denied|No such file).*\n){3}end\n$/i,
  },
  "writing to the system": {
    command: "echo x > /etc/passwd; echo x > /usr/bin/x; touch /x; echo end",
    expect: /^(?:.*(?:Read-only|denied).*\n){3}end\n$/i,
  },
  "the host's devices": {
    command: "ls /dev; mknod d b 254 0; cat /dev/mem; cat /dev/vda; echo end",
    expect: /(not permitted|No such file)[^]*end/i,
  },
  "becoming another user": {
    command:
      "id -u; grep -E 'CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | tr -s '\\t\\n' ' '; su -c id; echo end",
    expect: /^1000\nCapPrm: 0+ CapEff: 0+ CapBnd: 0+ NoNewPrivs: 1 Seccomp: 2 [^]*end\n$/,
  },
  "a raw socket": {
    command: "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)'",
    expect: /PermissionError/,
  },
  "the network": {
    command: "ls /sys/class/net; python3 -c 'import socket; socket.create_connection((\"1.1.1.1\", 53), 3)'",
    expect: /^lo\n[^]*unreachable/,
  },
  "a new user namespace": { command: "unshare -Ur id; unshare -m true; echo end", expect: /not permitted[^]*end/i },
  "the engine's socket and the host's processes": {
    command: "ls /var/run/docker.sock /run/docker.sock; ls -d /proc/[0-9]* | wc -l | awk '$1 < 20 { print \"few\" }'",
    expect: /No such file[^]*few\n/,
  },
};

suite("escape: docker", () => {
  test("nothing reaches outside the container", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    for (const [name, { command, expect }] of Object.entries(attacks)) {
      assert.match((await run(sandbox, command)).output, expect, name);
    }
    await stillWorks(sandbox);
  });

  test("a setuid program gains nothing", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const { output } = await run(
      sandbox,
      "cp /bin/sh mine && chmod 4755 mine && ./mine -p -c 'id -u'; ls -l /bin/su | cut -c4; /bin/su -c id < /dev/null; echo $?",
    );
    assert.match(output, /^1000\n/);
    assert.doesNotMatch(output, /uid=0/);
    await stillWorks(sandbox);
  });

  test("a fork bomb is held and ended", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    for (const bomb of [":(){ :|:& };:", "bomb() { bomb & bomb; }; bomb", "while :; do sleep 300 & done"]) {
      const { output, end } = await run(sandbox, bomb, { timeoutMs: 3_000 });
      const after = await run(sandbox, "echo next; set -- /proc/[0-9]*; echo $#");
      assert.equal(after.exitCode, 0, bomb);
      assert.match(after.output, /next\n/, bomb);
      // A bomb that met its limit may also have died out by itself: then nothing of it is left, and nothing needs saying.
      const left = Number(/next\n(\d+)/.exec(after.output)?.[1]);
      if (left > 32) {
        assert.match(
          output + after.output + end,
          /left \d+ processes|unavailable|room for another process|full of processes|timed_out/,
          bomb,
        );
      }
    }
    await stillWorks(sandbox);
  });

  test("a memory bomb is killed with a clear note", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const ended = await run(sandbox, "python3 -c 'x = [bytearray(10**7) for _ in range(200)]'").catch((thrown: Error) => thrown);
    const said = ended instanceof Error ? ended.message : ended.output;
    assert.match(said, /more than (its )?256 MB of memory/);
    await stillWorks(sandbox);
  });

  test("filling every writable place in memory does no harm", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const places = ["/tmp", "/var/tmp", "/run", "/.hermes", "/dev/shm"];
    const fill = places
      .map((place) => `head -c 100000000 /dev/zero > ${place}/fill; rm -f ${place === "/.hermes" ? "none" : `${place}/fill`}`)
      .join("; ");
    assert.match((await run(sandbox, fill)).output, /No space left/);
    await stillWorks(sandbox);
    await run(sandbox, "rm -rf /.hermes/* /.hermes/.[a-z]*");
    await stillWorks(sandbox);
  });

  test("a flood is cut off", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const { output, exitCode } = await run(sandbox, "yes", { timeoutMs: 60_000 });
    assert.equal(exitCode, null);
    assert.match(output, /\[It printed more than 256 MB and was stopped\.\]$/);
    await stillWorks(sandbox);
  });

  test("file tools follow no link out and wait on no pipe", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    await run(
      sandbox,
      "ln -s /etc/passwd file; ln -s /etc folder; ln -s / root; ln -s loop loop; mkfifo pipe; ln -s /dev/zero zero; ln -s /proc/1/environ env",
    );
    for (const path of ["file", "folder/passwd", "root/etc/passwd", "zero", "env"]) {
      await assert.rejects(sandbox.readFile(path, 10_000), /outside/, path);
      await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), /outside/, path);
    }
    for (const path of ["folder/new", "root/tmp/new", "folder/new/deep"]) {
      await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), /outside/, path);
    }
    for (const path of ["pipe", "loop"]) await assert.rejects(sandbox.readFile(path, 10), Error, path);
    await assert.rejects(sandbox.writeFile("pipe", Buffer.from("x")), /not a regular file/);
    await stillWorks(sandbox);
  });

  test("a path is a name, never shell text", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    for (const path of ["'; touch /workspace/hit; '", "$(touch /workspace/hit)", "`touch /workspace/hit`", "-rf", "a\nb", "*"]) {
      await sandbox.writeFile(path, Buffer.from("x"));
      assert.equal((await sandbox.readFile(path, 10)).length, 1, path);
      await run(sandbox, "true", { workdir: path });
    }
    await assert.rejects(sandbox.readFile("hit", 10), /no file/);
  });

  test("a container killed in mid-command: a clear error, and the next command works", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const broken = run(sandbox, "echo begun; sleep 100", { onOutput: () => void containerOf(rig).kill() });
    await assert.rejects(broken, /ended[^]*may have been done in part[^]*\/workspace are kept/);
    await stillWorks(sandbox);
  });

  test("a command that kills all it can reach", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    await assert.rejects(run(sandbox, "kill -9 -1; kill -9 $PPID; sleep 1"), /ended[^]*may have been done in part/);
    await stillWorks(sandbox);
  });

  test("a container removed behind its back is made again", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    await run(sandbox, "echo kept > kept");
    await containerOf(rig).remove({ force: true });
    assert.match((await run(sandbox, "cat kept")).output, /^kept\n/);
  });
});

suite("escape: virtual", () => {
  test("no path or link leads to the host", async () => {
    await using rig = await openRig("virtual");
    const sandbox = await rig.open();
    const outside = join(rig.options.directory, "outside");
    await writeFile(outside, "host secret");
    await run(sandbox, "true");
    const workspace = join(rig.options.directory, "alice");
    await mkdir(workspace, { recursive: true });
    await symlink(outside, join(workspace, "planted"));
    await symlink(rig.options.directory, join(workspace, "folder"));
    const tries = [
      "cat planted",
      "cat folder/outside",
      "cat ../outside",
      `cat ${outside}`,
      "ln -s ../outside l; cat l",
      "cp planted copy; cat copy",
      "find / -name outside",
    ];
    for (const command of [
      ...tries,
      "cat /proc/self/environ",
      "cat /proc/1/environ",
      "env",
      "tar cf - folder | tar xOf -",
      "echo x > planted",
    ]) {
      const { output } = await run(sandbox, command);
      assert.doesNotMatch(output, /host secret|HOME=\/root/, command);
    }
    await assert.rejects(sandbox.readFile("planted", 1_000));
    await assert.rejects(sandbox.writeFile("folder/new", Buffer.from("x")));
    assert.deepEqual((await readdir(rig.options.directory)).toSorted(), ["alice", "outside"]);
    await stillWorks(sandbox);
  });

  test("endless loops, bombs and floods end within their limits and leave the host's event loop free", async () => {
    await using rig = await openRig("virtual");
    const sandbox = await rig.open();
    await run(sandbox, "true");
    const watch = watchLoop();
    const bombs = [
      "while :; do :; done",
      ":(){ :|:& };:",
      "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
      "awk 'BEGIN { while (1) {} }'",
      "seq 1 100000000",
      "while :; do echo flood; done",
    ];
    for (const bomb of bombs) {
      const ended = await run(sandbox, bomb, { timeoutMs: 2_000 }).catch((thrown: Error) => thrown);
      if (!(ended instanceof Error)) assert.ok(ended.exitCode !== 0 || ended.output.length < 200_000, bomb);
      assert.match((await run(sandbox, "echo next")).output, /next\n$/, bomb);
    }
    const longest = watch.stop();
    assert.ok(longest < 200, `the event loop stood still for ${longest} ms`);
  });

  test("the workspace can't fill the host's disk", async () => {
    await using rig = await openRig("virtual", { diskMb: 2 });
    const sandbox = await rig.open();
    const { output } = await run(sandbox, "for i in 1 2 3 4 5 6; do printf '%500000d' 1 > f$i || echo refused; done; ls");
    assert.match(output, /no space left/i);
    await assert.rejects(sandbox.writeFile("big", Buffer.alloc(3_000_000)), /no space left/i);
    await run(sandbox, "rm f*");
    await stillWorks(sandbox);
  });

  test("there is no network and no host program", async () => {
    await using rig = await openRig("virtual");
    const sandbox = await rig.open();
    const { output } = await run(
      sandbox,
      "curl http://127.0.0.1; wget x; node -e 1; python3 -c 1; /bin/ls /etc/passwd; bash -c 'cat < /dev/tcp/127.0.0.1/22'",
    );
    assert.doesNotMatch(output, /root:|SSH/);
    assert.match(output, /curl: command not found/);
  });
});
