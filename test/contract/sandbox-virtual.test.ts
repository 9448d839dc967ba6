import assert from "node:assert/strict";
import { mkdir, watch, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { forms, openRig, type Rig, run } from "./sandbox-forms.ts";

suite("the virtual sandbox's Python and JavaScript", () => {
  let rig: Rig;
  let sandbox: Sandbox;
  before(async () => {
    rig = await forms.virtual();
  });
  beforeEach(async () => {
    sandbox = await rig.open();
  });
  after(() => rig[Symbol.asyncDispose]());

  const write = (path: string, text: string) => sandbox.writeFile(path, new TextEncoder().encode(text));

  test("programs read and write the workspace, take arguments and input, and end with their codes", async () => {
    await write(
      "sum.py",
      "import sys, json\nnumbers = json.load(sys.stdin)\nopen('out.txt', 'w').write(str(sum(numbers)))\nprint(sys.argv[1])\nsys.exit(3)\n",
    );
    const python = await run(sandbox, "echo '[1, 2, 39]' | python3 sum.py hello; echo code $?; cat out.txt");
    assert.equal(python.output, "hello\ncode 3\n42");
    await write(
      "sum.js",
      "const fs = require('fs'); fs.writeFileSync('/workspace/js.txt', String([1, 41].reduce((a, b) => a + b)));",
    );
    assert.equal((await run(sandbox, "js-exec sum.js && cat js.txt")).output, "42");
    assert.match((await run(sandbox, "python3 -c 'print(1/0)'")).output, /ZeroDivisionError/);
    assert.match((await run(sandbox, "node -e 1")).output, /js-exec/);
  });

  test("they see neither the host's files nor its variables, and reach no network and no program", async () => {
    const python = [
      "import os, socket, subprocess",
      "print(sorted(os.listdir('/')), sorted(k for k in os.environ if 'HERMES' in k or 'TOKEN' in k))",
      "for look in (lambda: open('/etc/passwd').read(), lambda: open('/proc/self/environ').read(), lambda: subprocess.run(['ls']),",
      "             lambda: socket.create_connection(('127.0.0.1', 22), 1), lambda: __import__('ctypes'), lambda: __import__('js')):",
      "    try: print('LEAK', look())",
      "    except BaseException as e: print(type(e).__name__)",
      "try:",
      "    os.symlink('/etc', '/workspace/link'); print(open('/workspace/link/passwd').read())",
      "except BaseException as e: print(type(e).__name__)",
    ].join("\n");
    await write("look.py", python);
    process.env["HERMES_SECRET_TOKEN"] = "not-to-be-seen";
    const { output } = await run(sandbox, "python3 look.py");
    assert.doesNotMatch(output, /LEAK|root:|not-to-be-seen|HERMES/, output);
    const script =
      "try { console.log(require('fs').readFileSync('/etc/passwd', 'utf8')) } catch (e) { console.log('no') }; console.log(JSON.stringify(process.env))";
    const js = await run(
      sandbox,
      `js-exec -c "${script}"; js-exec -c "fetch('http://127.0.0.1').catch(e => console.log('no net'))"`,
    );
    assert.doesNotMatch(js.output, /root:|not-to-be-seen/);
    assert.match(js.output, /^no\n[^]*no net/);
    delete process.env["HERMES_SECRET_TOKEN"];
  });

  test("one that never ends is stopped in time, and the next command works", async () => {
    for (const command of ["python3 -c 'while True: pass'", "js-exec -c 'while (true) {}'"]) {
      const began = Date.now();
      assert.equal((await run(sandbox, command, { timeoutMs: 2_000 })).end, "timed_out");
      assert.ok(Date.now() - began < 8_000);
      assert.match((await run(sandbox, "echo fine")).output, /fine\n$/);
    }
  });

  test("conversations that change files at once don't hold each other up, also when one is stopped meanwhile", async () => {
    const others = await Promise.all([1, 2, 3, 4].map((at) => rig.open("alice", `c${at}`)));
    const work = (at: number) =>
      `for i in 1 2 3 4; do mkdir -p c${at}/$i; echo x > f${at}; mv f${at} c${at}/$i/f; done; ls c${at} | wc -l`;
    for (const changes of [1, 4, 9]) {
      const stop = new AbortController();
      const stopped = stopAfter(changes, join(rig.options.directory, "alice"), stop);
      const endless = run(sandbox, "while true; do echo x > endless; mkdir -p e; rm -rf e; done", { signal: stop.signal });
      const results = await Promise.all(others.map((other, at) => run(other, work(at))));
      await stopped;
      assert.equal((await endless).end, "aborted");
      assert.deepEqual(
        results.map(({ output }) => output.trim()),
        ["4", "4", "4", "4"],
      );
    }
  });

  test("a command that is stopped while the sandbox still comes up takes no other conversation's along", async () => {
    const [one, other] = [await rig.open("bob", "c1"), await rig.open("bob", "c2")];
    const stop = new AbortController();
    const endless = run(one, "while true; do true; done", { signal: stop.signal });
    const work = run(other, "mkdir -p a; echo x > a/f; cat a/f");
    stop.abort();
    assert.equal((await work).output, "x\n");
    assert.equal((await endless).end, "aborted");
    assert.equal((await run(one, "cat a/f")).output, "x\n", "it is the same sandbox");
  });

  test("the first command of a sandbox, too, is ended soon after it was stopped", async () => {
    const fresh = await rig.open("carol");
    const directory = join(rig.options.directory, "carol");
    await mkdir(directory, { recursive: true });
    const lines = Array.from({ length: 60_000 }, (_, at) => `${at}\n`);
    await writeFile(join(directory, "a"), lines.join(""));
    await writeFile(join(directory, "b"), lines.toReversed().join(""));
    const stop = new AbortController();
    const begun = changed(1, directory);
    const stuck = run(fresh, "touch e; diff a b", { signal: stop.signal });
    await begun;
    // Until it holds the thread, which then does not hear that it is to end: nothing tells of that.
    await pause(300);
    const stopped = Date.now();
    stop.abort();
    assert.equal((await stuck).end, "aborted");
    assert.ok(Date.now() - stopped < 8_000);
  });

  test("one that takes all memory ends by itself, and the next command works", async () => {
    const bomb = "python3 -c 'x = []\nwhile True: x.append(bytes(10_000_000))'";
    assert.notEqual((await run(sandbox, bomb, { timeoutMs: 20_000 })).exitCode, 0);
    assert.match((await run(sandbox, "echo fine")).output, /fine\n$/);
  });

  test("what they write counts against the workspace's size", async () => {
    await using small = await openRig("virtual", { diskMb: 2 });
    const full = await small.open();
    const { output } = await run(
      full,
      "python3 -c \"open('/workspace/big', 'wb').write(bytes(3_000_000))\"; ls -l big; python3 -c 'print(6*7)'",
    );
    assert.doesNotMatch(output, /3000000/);
    assert.match(output, /42\n/);
  });
});

/** Stops a command in mid-change. */
async function stopAfter(changes: number, directory: string, stop: AbortController): Promise<void> {
  await changed(changes, directory);
  stop.abort();
}

/** When a command's file has been seen to change so often. */
async function changed(changes: number, directory: string): Promise<void> {
  let seen = 0;
  for await (const { filename } of watch(directory)) if (filename?.startsWith("e") === true && ++seen >= changes) break;
}
