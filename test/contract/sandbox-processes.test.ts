import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import test, { after, before, suite } from "node:test";
import type { ProcessInfo, Sandbox } from "../../src/core/sandbox.ts";
import { smallImage } from "../services/docker.ts";
import { forms, openRig, type Rig, run } from "./sandbox-forms.ts";

/** The process as soon as it satisfies the test. */
async function until(sandbox: Sandbox, id: string, fits: (info: ProcessInfo) => boolean, ms = 10_000): Promise<ProcessInfo> {
  const end = performance.now() + ms;
  for (;;) {
    const info = (await sandbox.processes()).find((each) => each.id === id);
    if (info !== undefined && fits(info)) return info;
    assert.ok(performance.now() < end, `still ${JSON.stringify(info)}`);
    await pause(30);
  }
}

const ended = ({ state }: ProcessInfo) => state !== "running";
const begin = (sandbox: Sandbox, command: string) => sandbox.start(command, { pty: false });
const all = async (sandbox: Sandbox, id: string) => (await sandbox.output(id, 0, 1_000_000)).text;

// SSH is left out: it has the same shell code as this host, and each connection takes a third of a second.
const { ssh: _, ...walked } = forms;

for (const [form, prepare] of Object.entries(walked)) {
  const shells = form !== "virtual";
  suite(`background processes: ${form}`, () => {
    test("one goes on by itself, where the session is; it is listed with its output and its exit code", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      await run(sandbox, "mkdir sub && cd sub && export WORD='it'\"'\"'s here'");
      const { id, state } = await begin(sandbox, 'pwd; echo "$WORD"; sleep 0.2; echo late > file; exit 7');
      assert.equal(state, "running");
      assert.equal((await run(sandbox, "echo meanwhile")).output, "meanwhile\n");
      const info = await until(sandbox, id, ended);
      assert.deepEqual([info.state, info.exitCode, info.pty], ["exited", 7, false]);
      assert.match(info.command, /^pwd; echo/);
      assert.equal(await all(sandbox, id), `${rig.workspace}/sub\nit's here\n`);
      assert.equal((await run(sandbox, "cat file")).output, "late\n");
      const there = await sandbox.start("pwd", { pty: false, workdir: rig.workspace });
      await until(sandbox, there.id, ended);
      assert.equal(await all(sandbox, there.id), `${rig.workspace}\n`);
    });

    test("output is read from anywhere, in parts, and what is unread once", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "printf 'zażółć gęślą jaźń'");
      await until(sandbox, id, ended);
      // A list is taken as it stands; whoever asks for output waits for its end.
      const { total: outputBytes } = await sandbox.output(id, 0, 5);
      assert.equal(outputBytes, Buffer.byteLength("zażółć gęślą jaźń"));
      const parts: string[] = [];
      for (let from = 0; from < outputBytes;) {
        const part = await sandbox.output(id, from, 5);
        parts.push(part.text);
        assert.ok(part.next > from);
        from = part.next;
      }
      assert.equal(parts.join(""), "zażółć gęślą jaźń");
      assert.equal((await sandbox.output(id, -5, 100)).text, "aźń");
      assert.equal((await sandbox.output(id, "unread", 8)).text, "zażół".slice(0, 5));
      assert.equal((await sandbox.output(id, "unread", 100)).text, "ć gęślą jaźń");
      assert.equal((await sandbox.output(id, "unread", 100)).text, "");
      assert.deepEqual(await sandbox.output(id, 9_999, 10), {
        text: "",
        from: outputBytes,
        next: outputBytes,
        total: outputBytes,
      });
    });

    test("a syntax error, no such program, nothing at all: each ends by itself and says why", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const codes: (number | null)[] = [];
      for (const command of ["no-such-program", "if true; then", "exit 3", "true"]) {
        const { id } = await begin(sandbox, command);
        codes.push((await until(sandbox, id, ended)).exitCode);
        if (codes.length === 1) assert.match(await all(sandbox, id), /not found/);
      }
      assert.deepEqual([codes[0], codes[2], codes[3]], [127, 3, 0]);
      assert.notEqual(codes[1], 0);
    });

    test("an unknown id is named, with those that there are", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "true");
      const known = new RegExp(`no process p0; rm[^]*There are: [^]*${id} `);
      const bad = "p0; rm -rf $HOME '";
      await assert.rejects(sandbox.output(bad, 0, 10), known);
      await assert.rejects(sandbox.kill(bad), known);
      await assert.rejects(sandbox.send(bad, "x"), known);
      await assert.rejects(sandbox.closeInput(bad), known);
    });

    test("one is killed, and is told from one that ended", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "echo begun; sleep 100; echo never");
      if (shells) await until(sandbox, id, ({ outputBytes }) => outputBytes > 0);
      const killed = await sandbox.kill(id);
      assert.deepEqual([killed.state, killed.exitCode], ["killed", null]);
      assert.deepEqual((await sandbox.kill(id)).state, "killed");
      const other = await begin(sandbox, "exit 4");
      await until(sandbox, other.id, ended);
      assert.deepEqual([(await sandbox.kill(other.id)).state, (await sandbox.kill(other.id)).exitCode], ["exited", 4]);
    });

    if (!shells) {
      refusals(prepare);
      return;
    }

    test("output shows while it runs, and it takes input until that is closed", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "printf 'name? '; read -r name; echo \"hello $name\"; cat; echo over");
      await until(sandbox, id, ({ outputBytes }) => outputBytes === 6);
      await sandbox.send(id, "Zoë 'x' $HOME\n");
      await until(sandbox, id, ({ outputBytes }) => outputBytes > 20);
      await sandbox.send(id, "more\n");
      await sandbox.closeInput(id);
      assert.deepEqual([(await until(sandbox, id, ended)).exitCode], [0]);
      assert.equal(await all(sandbox, id), "name? hello Zoë 'x' $HOME\nmore\nover\n");
      await assert.rejects(sandbox.send(id, "x"), /has ended/);
      await assert.rejects(sandbox.closeInput(id), /has ended/);
    });

    test("input that nobody reads does not hold the sandbox up", { timeout: 40_000 }, async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "sleep 60");
      await sandbox.send(id, "x".repeat(50_000));
      await assert.rejects(sandbox.send(id, "x".repeat(50_000)), /does not read its input/);
      await sandbox.closeInput(id);
      await assert.rejects(sandbox.send(id, "y"), /is closed/);
      assert.equal((await run(sandbox, "echo fine")).output, "fine\n");
      await sandbox.kill(id);
    });

    test("with it end its children, however far they have detached themselves", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const detach = "setsid sleep 321 & (setsid sh -c 'sleep 322 & sleep 323' &) ; ( ( while :; do sleep 324; done ) & ) ;";
      const { id } = await begin(sandbox, `${detach} echo ready; sleep 325`);
      const left = async () =>
        (await run(sandbox, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep 32[1-5]' | sort -u || true"))
          .output;
      await until(sandbox, id, ({ outputBytes }) => outputBytes > 0);
      await pause(100);
      assert.match(await left(), /sleep 321\nsleep 322\nsleep 323\nsleep 324\nsleep 325\n/);
      assert.equal((await sandbox.kill(id)).state, "killed");
      assert.equal(await left(), "");
    });

    test("100 MB are taken; the beginning and the end are kept", { timeout: 60_000 }, async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { id } = await begin(sandbox, "echo begin; head -c 100000000 /dev/zero | tr '\\0' a; echo; echo end");
      const info = await until(sandbox, id, ended, 50_000);
      assert.equal(info.exitCode, 0);
      const head = await sandbox.output(id, 0, 20_000);
      assert.match(head.text, /^begin\na{19994}$/);
      const tail = await sandbox.output(id, -20_000, 20_000);
      assert.equal(tail.total, 100_000_011);
      assert.match(tail.text, /^a{19995}\nend\n$/);
      const middle = await sandbox.output(id, 50_000_000, 10);
      assert.ok(middle.from > 90_000_000, "what is gone is told by where the next part begins");
      assert.equal(middle.text, "aaaaaaaaaa");
    });

    test("it is still there for another process after the one that began it has gone", async () => {
      await using rig = await prepare();
      const first = await rig.open();
      const { id } = await begin(first, 'read -r word; echo "got $word"; exit 9');
      await rig.backend.close();
      const next = await (await rig.again()).open({ key: "alice", label: "alice" }, "later");
      assert.equal((await until(next, id, () => true)).state, "running");
      await next.send(id, "it\n");
      assert.equal((await until(next, id, ended)).exitCode, 9);
      assert.equal(await all(next, id), "got it\n");
    });

    test("a program with pipes of its own: input, output and errors apart, exit code, and its end by the signal", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      await run(sandbox, "mkdir there && cd there && export WORD=set");
      const attach = async (command: string, signal = new AbortController().signal) => {
        const said = { output: "", error: "" };
        const attached = await sandbox.attach(command, {
          signal,
          onOutput: (chunk) => void (said.output += Buffer.from(chunk).toString()),
          onError: (chunk) => void (said.error += Buffer.from(chunk).toString()),
        });
        return { attached, said };
      };
      const { attached, said } = await attach('pwd; echo "$WORD"; echo oops >&2; read -r line; echo "got $line"; cat; exit 5');
      attached.write("one\n");
      attached.write(Buffer.from("two"));
      attached.end();
      assert.equal(await attached.ended, 5);
      assert.deepEqual(said, { output: `${rig.workspace}/there\nset\ngot one\ntwo`, error: "oops\n" });
      const big = await attach("head -c 3000000 /dev/zero | tr '\\0' b");
      assert.equal(await big.attached.ended, 0);
      assert.equal(big.said.output.length, 3_000_000);
      const control = new AbortController();
      const stopped = await attach("echo begun; (setsid sleep 331 &); sleep 332", control.signal);
      while (stopped.said.output === "") await pause(10);
      control.abort();
      assert.equal(await stopped.attached.ended, null);
      assert.equal(
        (await run(sandbox, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep 33[12]' || echo none")).output,
        "none\n",
      );
    });

    if (form === "docker, busybox") {
      withoutTerminal(prepare);
      return;
    }

    withTerminal("with pty it has a real terminal, in the background and in front", prepare);
  });
}

function withTerminal(name: string, prepare: () => Promise<Rig>): void {
  test(name, async () => {
    await using rig = await prepare();
    const sandbox = await rig.open();
    const front = await run(sandbox, "tty; test -t 0 && test -t 1 && echo both; echo $TERM; cd /; export KEPT=1; exit 3", {
      pty: true,
    });
    assert.match(front.output, /^\/dev\/\S+\r\nboth\r\nxterm-256color\r\n$/);
    assert.equal(front.exitCode, 3);
    assert.equal((await run(sandbox, 'pwd; echo "$KEPT $TERM"')).output, "/\n1 dumb\n");
    assert.equal((await run(sandbox, "sleep 60", { pty: true, timeoutMs: 400 })).end, "timed_out");
    const { id } = await sandbox.start("tty; trap 'echo interrupted; exit 6' INT; while :; do sleep 0.1; done", { pty: true });
    await until(sandbox, id, ({ outputBytes }) => outputBytes > 0);
    await pause(100);
    await sandbox.send(id, "\x03");
    assert.equal((await until(sandbox, id, ended)).exitCode, 6);
    assert.match(await all(sandbox, id), /^\/dev\/\S+\r\n(\^C)?interrupted\r\n$/);
    const cat = await sandbox.start("cat; echo over", { pty: true });
    await sandbox.send(cat.id, "line\n\x04");
    assert.equal((await until(sandbox, cat.id, ended)).exitCode, 0);
    assert.match(await all(sandbox, cat.id), /line\r\nline\r\nover\r\n/);
    const stays = await sandbox.start("sleep 341", { pty: true });
    assert.equal((await sandbox.kill(stays.id)).state, "killed");
  });
}

function refusals(prepare: () => Promise<Rig>): void {
  test("input, terminals and pipes are refused clearly", async () => {
    await using rig = await prepare();
    const sandbox = await rig.open();
    const { id } = await begin(sandbox, "true");
    await assert.rejects(sandbox.send(id, "x"), /has no input/);
    await assert.rejects(sandbox.closeInput(id), /has no input/);
    await assert.rejects(sandbox.start("true", { pty: true }), /no terminal/);
    await assert.rejects(run(sandbox, "true", { pty: true }), /no terminal/);
    const pipes = { signal: new AbortController().signal, onOutput: () => undefined, onError: () => undefined };
    await assert.rejects(sandbox.attach("true", pipes), /no programs of its own/);
  });
}

function withoutTerminal(prepare: () => Promise<Rig>): void {
  test("without script and python3 there is no terminal, and that is said", async () => {
    await using rig = await prepare();
    const sandbox = await rig.open();
    await assert.rejects(sandbox.start("true", { pty: true }), /neither script.*nor python3/);
    await assert.rejects(run(sandbox, "true", { pty: true }), /neither script.*nor python3/);
    assert.equal((await run(sandbox, "echo fine")).output, "fine\n");
  });
}

suite("background processes: a machine whose script(1) is none", () => {
  // The first in its PATH: it does as if there were none.
  const { PATH: path = "" } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "hermes-no-script-"));
  before(() => {
    writeFileSync(join(folder, "script"), "#!/bin/sh\nexit 127\n", { mode: 0o755 });
    process.env["PATH"] = `${folder}:${path}`;
  });
  after(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });
  test("it has none", async () => {
    await using rig = await forms.local();
    assert.equal((await run(await rig.open(), "script -qfc true /dev/null")).exitCode, 127);
  });
  withTerminal("python3 makes the terminal", forms.local);
});

suite("background processes: docker's own promises", () => {
  test("a container stays up for one, and ends by itself after it", { timeout: 60_000 }, async () => {
    await using rig = await openRig("docker", { image: smallImage, lifetimeMs: 1_000 });
    const sandbox = await rig.open();
    const { id } = await begin(sandbox, "sleep 5; echo through");
    await pause(4_500);
    assert.equal((await until(sandbox, id, () => true)).state, "running");
    await until(sandbox, id, ended);
    assert.equal(await all(sandbox, id), "through\n");
    await pause(6_000);
    assert.deepEqual(await sandbox.processes(), [], "the container has ended and was started anew");
    await assert.rejects(sandbox.output(id, 0, 10), /When a sandbox is restarted, all of its processes end/);
  });

  test("sixteen are kept: the oldest that has ended makes room, and more that run are refused", { timeout: 60_000 }, async () => {
    await using rig = await openRig("docker", { image: smallImage, pids: 256 });
    const sandbox = await rig.open();
    const first = await begin(sandbox, "true");
    await until(sandbox, first.id, ended);
    await pause(200);
    for (let count = 0; count < 16; count += 1) await begin(sandbox, "sleep 60");
    const infos = await sandbox.processes();
    assert.equal(infos.length, 16);
    assert.ok(infos.every(({ id, state }) => state === "running" && id !== first.id));
    await assert.rejects(begin(sandbox, "true"), /Too many processes run here already[^]*In the background: p/);
    await sandbox.kill(infos[0]?.id ?? "");
    await pause(200);
    await begin(sandbox, "true");
  });
});
