import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import test, { after, before, suite } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { executeCode } from "../../src/tools/execute-code.ts";
import { plainText } from "../../src/tools/plain-text.ts";
import { openRig, type Rig, run } from "../contract/sandbox-forms.ts";
import { dockerAt } from "../services/docker.ts";

/** What the pipes are that calls go through: what the code itself was not given. */
const pipes =
  "import os; both = [n for n in range(3, 20) if os.path.exists(f'/proc/self/fd/{n}') and os.readlink(f'/proc/self/fd/{n}').startswith('pipe')]; out = max(both)\n";

function context(sandbox: Sandbox, called: string[], answered = Promise.resolve()): ToolContext {
  const given = {
    signal: new AbortController().signal,
    sandbox: async () => sandbox,
    progress: () => undefined,
    limits: { commandMs: 10_000, resultChars: 20_000 },
    tools: {
      parametersOf: (name: string) => (name === "read_file" ? ["path"] : null),
      call: async (name: string) => {
        const count = called.push(name);
        await answered;
        return `${count} of ${name}`;
      },
    },
  };
  // Boundary: the tool uses no more of it.
  return given as unknown as ToolContext;
}

suite("escape: code that calls tools", () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig("docker");
  });
  after(() => rig[Symbol.asyncDispose]());

  test("forged calls get what real ones get, and no more", async () => {
    const sandbox = await rig.open("forger");
    const called: string[] = [];
    const forge = (lines: string) => executeCode.run({ code: `${pipes}import json\n${lines}` }, context(sandbox, called));
    const one = (tool: string) => `os.write(out, b'{"tool": "${tool}", "args": {}}\\n')\n`;
    await forge(
      `${one("memory")}${one("execute_code")}${one("send_message")}${one("../terminal")}os.write(out, b'[]\\nnull\\n{"tool":1}\\n')`,
    );
    assert.deepEqual(called, []);
    const heard = "heard = 0\nwhile heard < 80: heard += os.read(min(both), 65536).count(b'\\n')";
    await forge(`for n in range(80): ${one("terminal")}${heard}`);
    assert.equal(called.length, 50);
  });

  test("what code has asked for is not begun when it has ended meanwhile", async () => {
    const sandbox = await rig.open("leaver");
    const called: string[] = [];
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const code = `${pipes}os.write(out, b'{"tool": "terminal", "args": {}}\\n' * 40); os._exit(0)`;
    await executeCode.run({ code }, context(sandbox, called, answered));
    assert.equal(called.length, 1);
    answer();
    // By then all that waits in line has had its turn.
    await new Promise(setImmediate);
    assert.equal(called.length, 1);
  });

  test("floods of the pipe end it, with flat memory", async () => {
    const sandbox = await rig.open("flooder");
    const before = process.memoryUsage().rss;
    for (const flood of ["b'x' * 65536", "b'\\n' * 65536", "b'{}\\n' * 20000"]) {
      const said = await executeCode.run({ code: `${pipes}while True: os.write(out, ${flood})` }, context(sandbox, []));
      assert.match(said, /stopped: it wrote to the pipe that tool calls go through/, flood);
    }
    const grown = (process.memoryUsage().rss - before) / 1e6;
    assert.ok(grown < 120, `grew by ${grown} MB`);
    assert.equal((await run(sandbox, "echo next; cat /proc/[0-9]*/comm | grep -c python")).output, "next\n0\n");
  });

  test("modules of the person's own, named like ours or Python's, get nothing in the way", async () => {
    const sandbox = await rig.open("namer");
    const own = "print('HIT'); raise SystemExit(9)\n";
    for (const name of ["hermes_tools", "json", "os", "threading", "traceback", "types", "_in", "code"])
      await sandbox.writeFile(`${name}.py`, Buffer.from(own));
    await run(
      sandbox,
      "exec() { echo EXEC; }; python3() { echo MINE; }; export -f python3; export PYTHONSTARTUP=/workspace/json.py",
    );
    const code = "from hermes_tools import read_file\nprint(read_file('a'))\nimport hermes_tools; hermes_tools.read_file = None";
    assert.equal(await executeCode.run({ code }, context(sandbox, [])), "1 of read_file");
    assert.equal(await executeCode.run({ code }, context(sandbox, [])), "1 of read_file");
  });

  test("its container killed under it: clear words, and the next run works", async () => {
    const sandbox = await rig.open("killed");
    const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
    const container = dockerAt(rig.options.dockerHost ?? "").getContainer(`hermes-${home}-killed`);
    const broken = { ...context(sandbox, []), progress: () => void container.kill().catch(() => undefined) };
    assert.match(
      await executeCode.run({ code: "print('on')\nimport time; time.sleep(60)" }, broken),
      /^on\n\[ended before it had finished\]/,
    );
    // The engine takes a moment to know of it.
    await container.wait();
    assert.equal(await executeCode.run({ code: "print('next')" }, context(sandbox, [])), "next");
  });

  test("a shell that was stopped, or its own files spoilt, while nothing ran: the next command comes through", async () => {
    const [one, two] = [await rig.open("stopper"), await rig.open("spoiler")];
    await run(one, "(sleep 0.3; kill -STOP $PPID; true > /workspace/done) & true");
    const spoil = "cd /.hermes; for f in alive */busy */done */command; do rm -f $f; mkfifo $f; done";
    await run(two, `(sleep 0.3; ${spoil}; true > /workspace/done) & true`);
    const home = createHash("sha256").update(rig.options.home).digest("hex").slice(0, 10);
    for (const owner of ["stopper", "spoiler"]) {
      const container = dockerAt(rig.options.dockerHost ?? "").getContainer(`hermes-${home}-${owner}`);
      // Asked of the engine, since what would ask by a shell meets what was spoilt.
      while (!(await container.infoArchive({ path: "/workspace/done" }).then(Boolean, () => false))) await pause(50);
    }
    const said = await Promise.all([one, two].map((sandbox) => run(sandbox, "echo next")));
    for (const { output } of said) assert.match(output, /^next\n/);
    assert.match(said[1]?.output ?? "", /did not take commands any more, so it was restarted first/);
  });

  test("an environment that hangs before the next command begins: that is ended, and the command comes through once", async () => {
    const [sleeper, other] = [await rig.open("sleeper", "one"), await rig.open("sleeper", "two")];
    await run(
      sleeper,
      `(until [ -e /tmp/go ]; do sleep 0.05; done; for f in "\${0%/*}"/state-?; do echo 'sleep 60' > $f; done; true > /tmp/spoilt) & true`,
    );
    await run(other, "true > /tmp/go; until [ -e /tmp/spoilt ]; do sleep 0.05; done");
    const { output, exitCode } = await run(sleeper, "echo next; echo x >> times");
    assert.match(output, /^next$/m);
    assert.match(output, /could not be read any more/);
    assert.equal(exitCode, 0);
    assert.equal((await run(sleeper, "cat times; pwd")).output, "x\n/workspace\n");
  });
});

test("escape: what is shown of output steers nobody's terminal", () => {
  const steering = "a\u001b[2Jb\u001b]52;c;aGk=\u0007c\u001b]0;no end\u009b31md\u0090e\u0000f\u0007\u007fg\u001bch\bH";
  const shown = plainText(`${steering}\tx\r\ny`);
  assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  assert.match(shown, /^ab[^]*H\tx\ny$/);
});
