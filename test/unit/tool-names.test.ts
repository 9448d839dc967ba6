import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { parseArguments, tools } from "../../src/tools/index.ts";
import { parametersIn } from "../../src/tools/coercion.ts";
import { namedCall } from "../../src/tools/names.ts";
import { parametersOf } from "../../src/tools/specs.ts";

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
    ["process", { action: "wait", pid: "p1" }, "process", { action: "wait", session_id: "p1" }],
    ["process", { action: "submit", process_id: "p1", input: "y" }, "process", { action: "submit", session_id: "p1", data: "y" }],
    ["execute_code", { script: "print(1)" }, "execute_code", { code: "print(1)" }],
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

/** As in the original. */
const originals: Readonly<Record<string, string>> = {
  terminal: "command background timeout workdir pty notify_on_complete watch_patterns",
  process: "action session_id data timeout offset limit",
  read_file: "path offset limit",
  write_file: "path content",
  patch: "mode path old_string new_string replace_all patch",
  search_files: "pattern target path file_glob limit offset output_mode context",
  execute_code: "code",
  web_search: "query limit",
  web_extract: "urls",
  vision_analyze: "image_url question",
  todo: "todos merge",
  clarify: "question choices",
  send_message: "action target message",
  session_search: "query limit sort session_id around_message_id window role_filter detail",
  memory: "action target content old_text",
};

test("every tool of the original takes its parameters by their names", () => {
  for (const [name, parameters] of Object.entries(originals)) {
    const tool = tools.find((each) => each.name === name);
    assert.ok(tool, name);
    const known = Object.keys(parametersIn(parametersOf(tool)).properties);
    for (const parameter of parameters.split(" "))
      assert.ok(known.includes(parameter), `${name}: ${parameter} among ${known.join()}`);
  }
});

test("every action of process is taken", () => {
  const tool = tools.find(({ name }) => name === "process");
  assert.ok(tool);
  for (const action of ["list", "poll", "log", "wait", "kill", "write", "submit", "close"])
    assert.ok(parseArguments(tool, JSON.stringify({ action, session_id: "p1" })).ok, action);
});
