import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { parseArguments, tools } from "../../src/tools/index.ts";
import { namedCall } from "../../src/tools/names.ts";

const offered = tools.map(({ name }) => name);

suite("other names of tools", () => {
  const cases: readonly (readonly [string, object, string, object])[] = [
    ["file", { path: "a", action: "read" }, "read_file", { path: "a" }],
    ["file", { path: "a", action: "Write", content: "x" }, "write_file", { path: "a", content: "x" }],
    ["File", { path: "a", old_string: "x", new_string: "y" }, "patch", { path: "a", old_string: "x", new_string: "y" }],
    ["file", { path: "a" }, "read_file", { path: "a" }],
    ["file", { action: "search", query: "x" }, "search_files", { pattern: "x" }],
    ["todo_list", {}, "todo", {}],
    ["process_manage", { action: "list" }, "process", { action: "list" }],
    ["functions.bash", { command: "ls" }, "terminal", { command: "ls" }],
    ["patch", { file_path: "a", old_str: "x", new_str: "y" }, "patch", { path: "a", old_string: "x", new_string: "y" }],
  ];
  for (const [name, given, expected, args] of cases) {
    test(`${name} ${JSON.stringify(given)}`, () => {
      const call = namedCall({ id: "1", name, arguments: JSON.stringify(given) }, offered);
      assert.equal(call.name, expected);
      const tool = tools.find((each) => each.name === expected);
      assert.ok(tool);
      assert.deepEqual(parseArguments(tool, call.arguments), { ok: true, args });
    });
  }

  test("what means nothing, or a tool that is not offered, stays as it is", () => {
    for (const [name, given] of [
      ["file", '{"action":"burn"}'],
      ["file", "{"],
      ["file", "[]"],
      ["make_coffee", "{}"],
    ] as const) {
      const call = { id: "1", name, arguments: given };
      assert.equal(namedCall(call, offered), call);
    }
    const call = { id: "1", name: "bash", arguments: "{}" };
    assert.equal(namedCall(call, ["todo"]), call);
  });
});
