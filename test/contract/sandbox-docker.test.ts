import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test, { suite } from "node:test";
import { watchLoop } from "../doubles/busy-loop.ts";
import { openSandboxes } from "../../src/sandbox/index.ts";
import { dockerAt, smallImage } from "../services/docker.ts";
import { openRig, type Rig, run } from "./sandbox-forms.ts";

suite("sandbox: docker's own promises", () => {
  test("many opens at once, from two processes, make one container", async () => {
    await using rig = await openRig("docker", { image: smallImage });
    const other = await rig.again();
    const owner = { key: "alice", label: "alice" };
    const opens = Array.from({ length: 8 }, (_value, index) => (index % 2 === 0 ? rig.backend : other).open(owner, `s${index}`));
    const sandboxes = await Promise.all(opens);
    const outputs = await Promise.all(sandboxes.map((sandbox) => run(sandbox, "echo ok")));
    assert.deepEqual(new Set(outputs.map(({ output }) => output)), new Set(["ok\n"]));
    assert.equal((await containersOf(rig)).length, 1);
  });

  test("a changed configuration makes a new container and keeps the files", async () => {
    await using rig = await openRig("docker", { image: smallImage });
    await (await rig.open()).writeFile("kept", Buffer.from("kept"));
    const [before] = await containersOf(rig);
    const changed = await rig.again({ memoryMb: 128 });
    const sandbox = await changed.open({ key: "alice", label: "alice" }, "s1");
    assert.equal((await run(sandbox, "cat kept")).output, "kept");
    const [after] = await containersOf(rig);
    assert.notEqual(after?.Id, before?.Id);
  });

  test("an unused container ends by itself; the next command starts it and says that the directory is back at its start", async () => {
    await using rig = await openRig("docker", { image: smallImage, lifetimeMs: 1_000 });
    const sandbox = await rig.open();
    await run(sandbox, "mkdir there; cd there");
    const [container] = await containersOf(rig);
    await dockerAt(rig.options.dockerHost ?? "")
      .getContainer(container?.Id ?? "")
      .wait();
    const { output, exitCode } = await run(sandbox, "pwd");
    assert.equal(exitCode, 0);
    assert.match(output, /^\/workspace\n\[The sandbox was started anew[^]*at their start\.\]$/);
    assert.equal((await run(sandbox, "ls")).output, "there\n");
  });

  test("a container is not idle while a command runs", async () => {
    await using rig = await openRig("docker", { image: smallImage, lifetimeMs: 1_000 });
    const { output, exitCode } = await run(await rig.open(), "sleep 4; echo through");
    assert.deepEqual([output, exitCode], ["through\n", 0]);
  });

  test("background jobs don't hold a command up, and outlive it", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const { ms } = await run(sandbox, "(sleep 2; echo late > late) & sleep 100 &\necho now");
    assert.ok(ms < 1_900, `${ms} ms`);
    assert.equal((await run(sandbox, "until [ -s late ]; do sleep 0.1; done; cat late")).output, "late\n");
  });

  test("a stopped command's children end with it, however far they have detached themselves", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const command =
      "setsid sleep 311 & (setsid sh -c 'sleep 312 & sleep 313' &) ; ( ( while :; do sleep 314; done ) & ) ; sleep 315";
    assert.equal((await run(sandbox, command, { timeoutMs: 400 })).end, "timed_out");
    assert.equal(
      (await run(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o 'sleep 31[1-5]' || echo none")).output,
      "none\n",
    );
  });

  test("100 MB of output pass with flat memory, beginning and end kept", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const before = process.memoryUsage().rss;
    const watch = watchLoop();
    const { output, exitCode } = await run(sandbox, "echo begin; head -c 100000000 /dev/zero | tr '\\0' a; echo; echo end");
    const grown = (process.memoryUsage().rss - before) / 1e6;
    assert.equal(exitCode, 0);
    assert.match(output, /^begin\na+\n\[\.\.\. 99\d+ bytes of output cut here \.\.\.\]\na+\nend\n$/);
    assert.ok(output.length < 200_000);
    assert.ok(grown < 80, `grew by ${grown} MB`);
    // Other chats go on meanwhile.
    const stood = watch.stop();
    assert.ok(stood < 200, `the event loop stood still for ${stood} ms`);
  });

  test("limits hold: memory without swap, processes, what lies in memory; and people are told of them", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const { output } = await run(
      sandbox,
      "cd /sys/fs/cgroup; cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes; cat memory.swap.max 2>/dev/null || cat memory/memory.memsw.limit_in_bytes; cat pids.max 2>/dev/null || cat pids/pids.max; for d in /tmp /var/tmp /run /.hermes; do stat -f -c '%b %S' $d; done; awk '$2 ~ /^.(tmp|var.tmp|run|.hermes|workspace)$/ { print $2, ($4 ~ /nosuid/), ($4 ~ /nodev/) }' /proc/mounts; touch /nowhere",
    );
    const [memory, swap, pids, ...rest] = output.split("\n");
    assert.equal(memory, String(256 * 1024 * 1024));
    assert.ok(swap === "0" || swap === memory, `swap ${swap}`);
    assert.equal(pids, "64");
    const bytes = rest.slice(0, 4).map((line) => line.split(" ").reduce((product, number) => product * Number(number), 1));
    assert.deepEqual(
      bytes,
      [64, 64, 16, 48].map((mb) => mb * 1024 * 1024),
    );
    for (const place of ["/tmp", "/var/tmp", "/run", "/.hermes"]) assert.ok(rest.includes(`${place} 1 1`), `${place}: ${output}`);
    assert.match(output, /touch: .*nowhere.*Read-only/);
    const about = (await rig.backend.about?.())?.join("\n") ?? "";
    assert.match(about, /256 MB of memory without swap, 64 processes, 64 MB each in \/tmp/);
    assert.match(about, /Disk: (?:not limited: this engine's file system has no project quotas|64 MB of workspace)/);
    assert.match(about, /Network: none\nRunning: 1 in use, 0 of 0 ready/);
  });

  test("auto falls back to virtual where no engine answers, and says why; docker by name fails clearly", async () => {
    await using rig = await openRig("virtual");
    const options = { ...rig.options, dockerHost: "unix:///nowhere/docker.sock" };
    await using chosen = await disposable(openSandboxes("auto", options));
    assert.equal(chosen.backend.name, "virtual");
    assert.match(chosen.backend.why, /Docker engine at unix:\/\/\/nowhere\/docker\.sock does not answer/);
    await assert.rejects(openSandboxes("docker", options), { code: "sandbox.unavailable" });
  });

  test("auto chooses docker where the engine has the image, and virtual where it can't be pulled", async () => {
    await using rig = await openRig("docker", { image: smallImage });
    await using chosen = await disposable(openSandboxes("auto", rig.options));
    assert.equal(chosen.backend.name, "docker");
    await using without = await disposable(openSandboxes("auto", { ...rig.options, image: "127.0.0.1:1/absent:none" }));
    assert.equal(without.backend.name, "virtual");
    assert.match(without.backend.why, /127\.0\.0\.1:1\/absent:none is not on the Docker engine and can't be pulled/);
  });
});

async function disposable<Backend extends { close(): Promise<void> }>(opening: Promise<Backend>) {
  const backend = await opening;
  return { backend, [Symbol.asyncDispose]: () => backend.close() };
}

function containersOf(rig: Rig) {
  const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
  return dockerAt(rig.options.dockerHost ?? "").listContainers({ all: true, filters: { label: [`hermes.home=${home}`] } });
}
