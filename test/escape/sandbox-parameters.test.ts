import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { openRig, run } from "../contract/sandbox-forms.ts";

/** Text that a shell would act on, were it ever read as shell. */
const hostile = [
  "; touch /workspace/hit #",
  "$(touch /workspace/hit)",
  "`touch /workspace/hit`",
  "' ; touch /workspace/hit ; '",
  '" ; touch /workspace/hit ; "',
  "a\ntouch /workspace/hit\n",
  "| touch /workspace/hit",
  "&& touch /workspace/hit",
  "> /workspace/hit",
  "${IFS}touch${IFS}/workspace/hit",
  "-rf --version",
  "\\",
  "*?[!a]{a,b}~",
  "\u0001\u001b[2J\u007f",
  "\u202Egnp.exe",
];

/** After whatever happened: nothing was run, and the very next command works. */
async function untouched(sandbox: Sandbox, what: string): Promise<void> {
  const { output, exitCode } = await run(sandbox, "[ ! -e /workspace/hit ] && echo clean");
  assert.deepEqual([output, exitCode], ["clean\n", 0], what);
}

suite("escape: what is given as a parameter", () => {
  for (const backend of ["docker", "virtual"] as const) {
    test(`${backend}: no parameter is shell text`, async () => {
      await using rig = await openRig(backend);
      const sandbox = await rig.open();
      for (const text of hostile) {
        const calls: Record<string, () => Promise<unknown>> = {
          "a file's name": async () => {
            await sandbox.writeFile(text, Buffer.from("x"));
            assert.equal((await sandbox.readFile(text, 10)).length, 1);
          },
          "a folder's name": () => sandbox.writeFile(`${text}d/${text}`, Buffer.from("x")),
          "a directory": () => run(sandbox, "true", { workdir: text }),
          "a background directory": () => sandbox.start("true", { workdir: text, pty: false }),
          "a process to read": () => sandbox.output(text, 0, 100),
          "a process to write to": () => sandbox.send(text, text),
          "a process to close": () => sandbox.closeInput(text),
          "a process to end": () => sandbox.kill(text),
        };
        for (const [name, call] of Object.entries(calls)) {
          // A refusal is as good as a result: it must be one in words.
          await call().catch((thrown: unknown) => {
            assert.ok(
              thrown instanceof Error && thrown.message.length > 10,
              `${name}: ${JSON.stringify(text)}: ${String(thrown)}`,
            );
          });
        }
        await untouched(sandbox, JSON.stringify(text));
      }
      const other = await rig.open("alice", "'; touch /workspace/hit; '$(touch /workspace/hit)");
      await untouched(other, "a session's name");
    });

    test(`${backend}: paths lead nowhere else, however they are written`, async () => {
      await using rig = await openRig(backend);
      const sandbox = await rig.open();
      await run(sandbox, "mkdir -p a/b; ln -s .. a/up; ln -s ../.. a/b/out");
      const outside = [
        "../outside",
        "../../../../etc/passwd",
        "/etc/passwd",
        "/workspace/../etc/passwd",
        "//etc//passwd",
        // Where paths are read as text, these stay inside.
        ...(backend === "docker" ? ["a/up/../../etc/passwd", "a/b/out/../etc/passwd"] : []),
        "/proc/self/root/etc/passwd",
        "/proc/1/environ",
        "/dev/tty",
        "/workspace/./../../etc/shadow",
      ];
      for (const path of outside) {
        await assert.rejects(sandbox.readFile(path, 1_000), /outside|no file|not|denied/i, path);
        await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), /outside|not|denied|no /i, path);
      }
      await assert.rejects(sandbox.readFile("a\0b", 10), /NUL/);
      await assert.rejects(sandbox.writeFile("a\0b", Buffer.from("x")), /NUL/);
      await assert.rejects(run(sandbox, "echo a\0b"), /NUL/);
      for (const path of ["", ".", "/", "/workspace", "a"])
        await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), Error, path);
      assert.equal((await run(sandbox, "echo next")).output, "next\n");
    });

    test(`${backend}: long and binary names, deep folders and many files`, async () => {
      await using rig = await openRig(backend);
      const sandbox = await rig.open();
      const long = "n".repeat(255);
      await sandbox.writeFile(long, Buffer.from("x"));
      assert.equal((await sandbox.readFile(long, 10)).length, 1);
      for (const path of ["n".repeat(256), "n".repeat(100_000), `${"d/".repeat(3_000)}x`, "ü".repeat(200)]) {
        await assert.rejects(sandbox.writeFile(path, Buffer.from("x")), Error, path.slice(0, 20));
        await assert.rejects(sandbox.readFile(path, 10), Error, path.slice(0, 20));
      }
      assert.equal((await run(sandbox, "echo next")).output, "next\n");
      for (const name of ["\u00ff\u00fe", "\u{1F4A3}", "-", "a\tb", ".hidden", "\u0007"]) {
        await sandbox.writeFile(name, Buffer.from([0, 255, 10, 13]));
        assert.deepEqual([...(await sandbox.readFile(name, 10))], [0, 255, 10, 13], name);
      }
      assert.equal((await run(sandbox, "echo next")).output, "next\n");
    });
  }

  test("docker: names that are no text, listed and removed", async () => {
    await using rig = await openRig("docker");
    const sandbox = await rig.open();
    const made = await run(
      sandbox,
      "cd /workspace; printf x > \"$(printf 'bin\\377\\376')\"; ls | od -c | head -3; ls; rm -f bin*",
    );
    assert.equal(made.exitCode, 0);
    assert.match(made.output, /377 376/);
    assert.equal((await run(sandbox, "echo next")).output, "next\n");
  });
});
