import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";
import { executeCode } from "../../src/tools/execute-code.ts";
import { debianImage } from "../services/docker.ts";
import { openRig } from "./sandbox-forms.ts";

/** Backends with a real Python; SSH has the same shell code as this host. */
const forms = {
  docker: () => openRig("docker", { image: debianImage }),
  local: () => openRig("local"),
} as const;

const parameters: Readonly<Record<string, readonly string[]>> = { read_file: ["path", "offset", "limit"], terminal: ["command"] };

/** As much of a context as the tool uses. */
function contextOf(sandbox: Sandbox, over: Partial<ToolContext> = {}) {
  const called: unknown[] = [];
  const shown: string[] = [];
  const tools: ToolContext["tools"] = {
    parametersOf: (name) => parameters[name] ?? null,
    async call(name, args) {
      called.push([name, args]);
      if (args["path"] === "absent") throw new Error("There is no file absent.");
      return `result of ${name}`;
    },
  };
  // Boundary: the tool uses no more of it.
  const context = {
    signal: new AbortController().signal,
    sandbox: async () => sandbox,
    progress: (chunk: string) => shown.push(chunk),
    limits: { commandMs: 10_000, resultChars: 20_000 },
    tools,
    ...over,
  } as unknown as ToolContext;
  return { context, called, shown };
}

const run = (tool: Tool, code: string, context: ToolContext) => tool.run({ code }, context);

for (const [form, prepare] of Object.entries(forms)) {
  suite(`execute_code: ${form}`, () => {
    test("prints, calls tools by position and by name, and sees their failures", async () => {
      await using rig = await prepare();
      const { context, called, shown } = contextOf(await rig.open());
      const code = `
import subprocess
from hermes_tools import read_file, terminal, ToolError
print("żółw", read_file("notes.txt", limit=5))
print(terminal(command="ls"))
try:
    read_file("absent")
except ToolError as error:
    print("failed:", error)
subprocess.run(["echo", "from a child"])
open("made.txt", "w").write("by code")`;
      assert.equal(
        await run(executeCode, code, context),
        "żółw result of read_file\nresult of terminal\nfailed: There is no file absent.\nfrom a child",
      );
      assert.deepEqual(called, [
        ["read_file", { path: "notes.txt", limit: 5 }],
        ["terminal", { command: "ls" }],
        ["read_file", { path: "absent" }],
      ]);
      assert.ok(shown.join("").includes("from a child"));
      assert.equal(Buffer.from(await (await rig.open()).readFile("made.txt", 100)).toString(), "by code");
    });

    test("an error shows the code's own lines, and exit codes are told", async () => {
      await using rig = await prepare();
      const { context } = contextOf(await rig.open());
      const failed = await run(executeCode, "def f():\n    return 1 / 0\nf()", context);
      assert.match(failed, /^Traceback[^]*line 3[^]*line 2[^]*ZeroDivisionError: division by zero\n\[exit code 1\]$/);
      assert.doesNotMatch(failed, /_start|exec\(compile/);
      assert.match(await run(executeCode, "def broken(:", context), /SyntaxError[^]*\[exit code 1\]$/);
      assert.equal(await run(executeCode, "import sys; sys.exit(3)", context), "[exit code 3]");
      assert.equal(await run(executeCode, "import sys; sys.stdin.read(); print('no stdin')", context), "no stdin");
    });

    test("no more than fifty calls, bounded output, and a stop ends it with all that it started", async () => {
      await using rig = await prepare();
      const sandbox = await rig.open();
      const { context, called } = contextOf(sandbox);
      const many = "from hermes_tools import terminal\nfor n in range(60): terminal('x')";
      assert.match(await run(executeCode, many, context), /ToolError: No more than 50 tool calls[^]*\[exit code 1\]$/);
      assert.equal(called.length, 50);
      const flood = await run(executeCode, "print('begin')\nfor n in range(400000): print('x' * 50)\nprint('end')", context);
      assert.ok(flood.length <= 50_000, `${flood.length}`);
      assert.match(flood, /^begin\n[^]*end$/);
      const control = new AbortController();
      const printed = Promise.withResolvers<void>();
      const stopping = contextOf(sandbox, { signal: control.signal, progress: () => printed.resolve() });
      const stopped = run(
        executeCode,
        "import subprocess\nprint('on', flush=True)\nsubprocess.run(['sleep', '98765'])",
        stopping.context,
      );
      await printed.promise;
      control.abort();
      assert.match(await stopped, /^on\n\[ended before/);
      const left = await sandbox.run("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep 9876[5]'", {
        timeoutMs: 10_000,
        signal: new AbortController().signal,
      });
      assert.equal(left.output.trim(), "0");
    });
  });
}
