import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Action, Policy } from "../../src/core/approval.ts";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { judge } from "../../src/sandbox/policy/judge.ts";
import { process } from "../../src/tools/process.ts";

const policy: Policy = { mode: "off", deny: [], allowances: [], network: "none", home: "/home/u/.hermes" };

/** A process that notes what is typed into it, once that has passed the approvals of an owner who has turned them off. */
function typing(backend: Sandbox["backend"]) {
  const read: string[] = [];
  // Boundary: typing uses no more of a sandbox and of a context.
  const sandbox = { backend, send: async (_id: string, text: string) => void read.push(text) } as unknown as Sandbox;
  const context = { sandbox: () => Promise.resolve(sandbox) } as unknown as ToolContext;
  const type = async (action: "write" | "submit", data: string): Promise<boolean> => {
    const wish = process.parameters.parse({ action, session_id: "p1", data });
    const place = {
      workdir: "/code",
      workspace: "/code",
      backend,
      person: "p",
      role: "owner",
      session: "s",
      chat: "private",
      attended: true,
    } as const;
    const refused = (process.deeds?.(wish) ?? []).some(
      ({ kind, command, language }) =>
        judge({ ...place, tool: "process", kind, command, language } satisfies Action, policy).type !== "run",
    );
    if (refused) return false;
    return await process.run(wish, context).then(
      () => true,
      (error: unknown) => {
        assert.match(String(error), /Not sent\. Here only whole lines/);
        return false;
      },
    );
  };
  return { read, type };
}

test("on a host whole lines and keys alone can be typed; pieces, keys among text and lines that go on can't", async () => {
  for (const backend of ["local", "ssh"] as const) {
    const { type, read } = typing(backend);
    for (const text of ["ls", "yes", "a\nb", "if True:\n    print(1)\n", "", "a != b", "if ! ls"])
      assert.ok(await type("submit", text), text);
    for (const text of ["ls\n", "ls\r", "\u0003", "\u0004", "\u001C", "\n"]) assert.ok(await type("write", text), text);
    assert.equal(read.length, 13);
    for (const text of ["ls \u0015rm x", "ls\rrm x", "rm \\", "l\u007Fs", "a\u001B[Db", "/et\t"])
      assert.ok(!(await type("submit", text)), text);
    for (const text of [
      "r",
      "y",
      "rm \\\n",
      "rm \\\r",
      "\u0019",
      "\u001B",
      "\u001B[A",
      "\u001B[A\r",
      "\u001B[D",
      "\u007F",
      "x\u0003",
    ])
      assert.ok(!(await type("write", text)), text);
    assert.equal(read.length, 13);
  }
  assert.ok(await typing("docker").type("write", "r"));
  assert.ok(await typing("docker").type("write", "\u001B[A"));
});

test("on a host no line can be made of an earlier one, nor lose its first letter to a question", async () => {
  const sequences: readonly (readonly (readonly ["write" | "submit", string])[])[] = [
    [
      ["submit", "rm"],
      ["write", "\u001B[A"],
      ["submit", " -rf ~"],
    ],
    [
      ["write", "\u001B"],
      ["submit", "drm -rf ~"],
    ],
    [
      ["submit", ": x -rf ~"],
      ["submit", "^: x^rm"],
    ],
    [
      ["submit", "rm"],
      ["submit", "!rm -rf ~"],
    ],
    [
      ["submit", "'rm'"],
      ["submit", "!' -rf ~; echo '"],
    ],
    [
      ["submit", "./rm"],
      ["submit", "!./ -rf ~"],
    ],
    [["submit", "\t\tnrm -rf ~"]],
    [["submit", "ls\n\t\tnrm -rf ~"]],
  ];
  for (const backend of ["local", "ssh"] as const)
    for (const sequence of sequences) {
      const { type } = typing(backend);
      const sent: boolean[] = [];
      for (const [how, text] of sequence) sent.push(await type(how, text));
      assert.ok(sent.includes(false), JSON.stringify(sequence));
    }
});

test("a command that never runs can't be typed piece by piece, nor into an interpreter", async () => {
  const actions = fc.array(fc.constantFrom("write" as const, "submit" as const), { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(8), { maxLength: 3 }), actions, async (cuts, how) => {
      const { read, type } = typing("local");
      const places = [0, ...cuts.toSorted((a, b) => a - b), 8];
      for (const [index, place] of places.slice(0, -1).entries())
        await type(how[index] ?? "submit", "rm -rf /".slice(place, places[index + 1]));
      await type("write", "\r");
      assert.doesNotMatch(read.join(""), /rm -rf \//);
    }),
  );
  for (const text of ["import os; os.system('rm -rf /')", "shutil.rmtree('/')"])
    assert.ok(!(await typing("local").type("submit", text)));
});
