import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import test, { after, before, suite } from "node:test";
import { z } from "zod";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";
import { tools } from "../../src/tools/index.ts";
import { openRig, type Rig, run } from "../contract/sandbox-forms.ts";

/** The tools themselves, as a model that is up to no good has them, over a real container. */

/** Text that a shell would act on, in every kind of quotes at once; an option; a line end. */
const hostile = [
  "'\"; touch /workspace/hit; $(touch /workspace/hit)`touch /workspace/hit` ${IFS}| touch /workspace/hit && > /workspace/hit #",
  "\ntouch /workspace/hit\n",
  "--output=/workspace/hit",
];
/** What each tool needs besides the parameter that is tried. */
const harmless: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  patch: { path: "a.txt", old_string: "one", new_string: "two" },
  process: { action: "poll", session_id: "p1" },
  read_file: { path: "a.txt" },
  search_files: { pattern: "one" },
  terminal: { command: "true" },
  vision_analyze: { image_url: "a.txt", question: "?" },
  write_file: { path: "b.txt", content: "b" },
};

const tool = (name: string): Tool => {
  const found = tools.find((each) => each.name === name);
  assert.ok(found !== undefined, name);
  return found;
};

/** A context whose sandbox is real; whatever else a tool asks for is refused. */
function contextOf(sandbox: Sandbox, over: Partial<ToolContext> = {}): ToolContext {
  const given = {
    session: "s1",
    signal: new AbortController().signal,
    sandbox: async () => sandbox,
    progress: () => undefined,
    limits: { commandMs: 20_000, resultChars: 20_000 },
    watching: { watch: async () => undefined, seen: async () => undefined },
    tools: { parametersOf: () => [], call: async (name: string) => `result of ${name}` },
    ...over,
  };
  const refused = new Proxy({}, { get: (_target, name) => () => Promise.reject(new Error(`${String(name)} is not here`)) });
  // Boundary: the rest of a context is not theirs to use.
  return new Proxy(given, { get: (target, name) => Reflect.get(target, name) ?? refused }) as unknown as ToolContext;
}

interface Desk {
  readonly sandbox: Sandbox;
  call(name: string, args: Readonly<Record<string, unknown>>, over?: Partial<ToolContext>): Promise<string>;
  /** What the model reads, of a failure too. */
  read(name: string, args: Readonly<Record<string, unknown>>): Promise<string>;
}

function deskOver(sandbox: Sandbox): Desk {
  const call: Desk["call"] = (name, args, over) => tool(name).run(args, contextOf(sandbox, over));
  const read: Desk["read"] = (name, args) =>
    call(name, args).catch((thrown: unknown) => {
      assert.ok(thrown instanceof Error && thrown.message.length > 10, `${name}: ${String(thrown)}`);
      return thrown.message;
    });
  return { sandbox, call, read };
}

/** The next command works, the next file is whole, and the next search finds what is there. */
async function nextWorks({ call }: Desk, what: string, kept = ""): Promise<void> {
  assert.match(await call("terminal", { command: 'printf "next %s" "$KEPT"' }), new RegExp(`^next ?${kept}$`, "m"), what);
  assert.equal(await call("read_file", { path: "a.txt" }), "1|one\n2|two", what);
  assert.equal(await call("search_files", { pattern: "one", path: "a.txt" }), "a.txt:1:one", what);
}

suite("escape: through the tools", () => {
  let rig: Rig;
  let owners = 0;
  const desk = async (owner = `o${++owners}`): Promise<Desk> => {
    const sandbox = await rig.open(owner);
    await sandbox.writeFile("a.txt", Buffer.from("one\ntwo\n"));
    return deskOver(sandbox);
  };
  before(async () => {
    rig = await openRig("docker", { diskMb: 80 });
  });
  after(() => rig[Symbol.asyncDispose]());

  test("no text in any parameter of any tool is shell text", async () => {
    const { sandbox, read } = await desk();
    for (const { name, parameters } of tools) {
      const { properties = {} } = z.toJSONSchema(parameters, { io: "input" });
      for (const [parameter, shape] of Object.entries(properties)) {
        const isText = typeof shape === "object" && shape.type === "string" && shape.enum === undefined;
        // These two are commands, and judged as such.
        if (!isText || parameter === "command" || parameter === "code") continue;
        for (const text of hostile) await read(name, { ...harmless[name], [parameter]: text });
      }
      const { output } = await run(sandbox, "ls -A /workspace | grep -x hit; echo checked");
      assert.match(output, /^checked\n/, name);
    }
  });

  test("whatever a command leaves in its shell, the next one works, and files and searches are exact", async () => {
    const left = [
      'cd() { builtin cd "$@"; echo CD; }; function . { echo DOT; }; function source { :; }',
      "unset() { :; }; trap() { :; }; export() { :; }; set() { echo S; }; exit() { :; }",
      "builtin() { :; }; command() { :; }; printf() { echo P; }; declare() { :; }; [() { return 1; }; read() { :; }; echo() { :; }",
      "find() { builtin echo F; }; grep() { builtin echo G; }; head() { :; }; export PATH=/nonexistent LD_PRELOAD=/workspace/x.so",
      "builtin echo 'exit 9' > be; export BASH_ENV=/workspace/be ENV=/workspace/be IFS=abc/ PS4='$(echo x)' PROMPT_COMMAND='exit 3'",
      "set -euxvn",
      "set -eux; set -o posix -o noclobber; shopt -s expand_aliases; alias cd=false echo=false exit=:",
      "trap 'echo D' DEBUG; trap 'exit 7' ERR EXIT; readonly PWD OLDPWD PATH HOME",
      "export HERMES_IN=/x HERMES_OUT=/x HERMES_AT=/nowhere HERMES_RUN=x HERMES_ACK=x __place=/x __term=x SHELLOPTS POSIXLY_CORRECT=1",
      "exec >&- 2>&- <&-; exit 5",
      "umask 777; ulimit -n 4; exec true",
      "mkdir gone; cd gone; rmdir ../gone",
      "for f in /.hermes/*/state-? /.hermes/*/current; do \\echo 'exit 6' > $f; done; exec true",
      "rm -rf /.hermes/*",
      "kill -9 $PPID",
    ];
    for (const command of left) {
      const { call, ...rest } = await desk("left");
      await call("terminal", {
        command: "cd /workspace; unset -f find grep head; export PATH=/usr/bin:/bin KEPT= LD_PRELOAD= IFS=",
      });
      await rest.read("terminal", { command });
      await nextWorks({ call, ...rest }, command);
    }
  });

  test("what a command leaves running gets into no file, no search and no patch; without end, it is ended", async () => {
    const { call, read, ...rest } = await desk();
    await read("terminal", { command: "(while sleep 0.01; do echo JUNK; echo JUNK >&2; done) & sleep 0.1" });
    for (let turn = 0; turn < 5; turn += 1) {
      assert.equal(await call("read_file", { path: "a.txt" }), "1|one\n2|two");
      assert.equal(await call("search_files", { pattern: "one" }), "a.txt:1:one");
      await call("patch", { path: "a.txt", old_string: "two", new_string: "2" });
      await call("patch", { path: "a.txt", old_string: "2", new_string: "two" });
      await call("write_file", { path: "empty", content: "" });
    }
    assert.equal(Buffer.from(await rest.sandbox.readFile("a.txt", 100)).toString(), "one\ntwo\n");
    // It is noticed by what comes while no command runs: on a busy machine already at this one's end.
    const first = await read("terminal", { command: "yes & yes >&2 & sleep 0.1" });
    for (let said = first; !/without end and was ended/.test(said); said = await read("terminal", { command: "true" }))
      await pause(300);
    assert.match(await call("terminal", { command: "cat /proc/[0-9]*/comm | grep -c '^yes'" }), /^0$/m);
    await nextWorks({ call, read, ...rest }, "a flood");
  });

  test("what prints without end and can't be found is listened to no more, and nobody is told that it was ended", async () => {
    const { call, read, ...rest } = await desk();
    let said = await read("terminal", { command: "env -i setsid sh -c 'timeout 60 yes >&2 &'; sleep 0.1" });
    for (let turn = 0; turn === 0 || (turn < 60 && /^y$/m.test(said)); turn += 1) {
      await pause(300);
      said = await read("terminal", { command: "sleep 0.05" });
      assert.doesNotMatch(said, /was ended/);
    }
    assert.doesNotMatch(said, /^y$/m);
    await nextWorks({ call, read, ...rest }, "a flood of nobody's");
  });

  test("file tools wait on nothing and follow nothing, also when names change under them", async () => {
    const { call, read, sandbox } = await desk();
    await call("terminal", {
      command:
        "mkfifo pipe; ln -s /dev/zero zero; ln -s /proc/self/root root; ln -s /proc/1/environ env; truncate -s 40G huge 2>/dev/null || truncate -s 60M huge; " +
        "ln a.txt hard; mkdir swap; echo mine > swap/passwd; ln -s loop loop; printf 'x\\033]0;t\\007\\033[31m' > ansi; touch \"$(printf 'n\\n!outside')\"",
    });
    for (const path of ["pipe", "zero", "root/etc/passwd", "env", "huge", "loop", "/proc/self/root/etc/passwd", "/dev/stdin"]) {
      assert.match(await read("read_file", { path }), /outside|not a regular file|too large|no file|could not/, path);
      assert.match(await read("write_file", { path, content: "x" }), /outside|not a regular file|could not|Wrote huge/, path);
      assert.match(
        await read("patch", { path, old_string: "root", new_string: "x" }),
        /outside|regular|large|no file|could not|not/,
        path,
      );
    }
    assert.match(await call("search_files", { pattern: "*", target: "files" }), /a\.txt/);
    assert.match(await call("search_files", { pattern: "one" }), /a\.txt:1:one/);
    assert.match(await call("read_file", { path: "." }), /ansi/);
    // A name that is now the person's own directory, now the system's.
    const swapping = "while :; do rm -rf s; ln -s /etc s; rm -f s; mkdir s; echo mine > s/passwd; done";
    const { id } = await sandbox.start(`cd /workspace; ${swapping}`, { pty: false });
    for (let turn = 0; turn < 40; turn += 1) {
      assert.doesNotMatch(await read("read_file", { path: "s/passwd" }), /root:/);
      await read("write_file", { path: "s/passwd", content: "mine" });
    }
    await sandbox.kill(id);
    // The workspace itself can't be replaced.
    assert.match(
      await call("terminal", {
        command: "cd /; rm -rf /workspace; mv /workspace /tmp/w; ln -sfn /etc /workspace; ls -d /workspace",
      }),
      /busy|Read-only|denied/i,
    );
    assert.match(await read("read_file", { path: "/workspace/passwd" }), /no file/);
  });

  test("archives that unpack to more than there is: clear errors within the limits", async () => {
    const { call, sandbox } = await desk();
    const make =
      "import zlib, gzip, zipfile; z = b'\\0' * (1 << 20)\nwith gzip.open('b.gz', 'wb', 1) as f:\n    for n in range(100): f.write(z)";
    await sandbox.writeFile("make.py", Buffer.from(make));
    await call("terminal", { command: "python3 make.py" });
    assert.match(await call("terminal", { command: "gunzip -c b.gz > /tmp/b; ls -l /tmp/b; rm /tmp/b" }), /No space left/);
    // One file may be no larger than the workspace is meant to be, also where the engine has no quotas.
    assert.match(await call("terminal", { command: "gunzip -kf b.gz" }), /too large|limit exceeded|exit code/i);
    assert.match(
      await call("terminal", { command: "python3 -c 'import gzip; x = [gzip.open(\"b.gz\").read() for n in range(9)]'" }).catch(
        (thrown: Error) => thrown.message,
      ),
      /more than (its )?256 MB of memory|MemoryError/,
    );
    assert.match(await call("terminal", { command: "rm -f b b.gz; echo next" }), /^next/);
  });
});
