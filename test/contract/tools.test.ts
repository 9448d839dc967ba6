import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { z } from "zod";
import type { MemoryChange } from "../../src/core/memory.ts";
import type { Tool, ToolContext } from "../../src/core/tool.ts";
import { parseArguments, tools, toolSpecs } from "../../src/tools/index.ts";
import { openRig, type Rig } from "./sandbox-forms.ts";
import { barred } from "./tool-context.ts";

const hint = "A Linux container.";

/** A call of each tool that must pass. */
const calls: Record<string, Record<string, unknown>> = {
  clarify: { question: "Which one?", choices: ["a", "b"] },
  execute_code: { code: "print(1)" },
  send_message: { action: "send", target: "telegram", message: "hi" },
  session_search: { query: "friday" },
  cronjob: { action: "create", prompt: "Look at the mail", schedule: "every 2h" },
  skill_manage: { action: "delete", name: "old-news" },
  skill_view: { name: "old-news" },
  delegate_task: { tasks: [{ goal: "Look", context: "There." }, { goal: "Read" }] },
  configuration: { action: "set", key: "compression.threshold", value: "0.7" },
  model_speed: { action: "recent" },
  memory: { action: "add", target: "user", content: "Likes tea." },
  patch: { path: "notes.txt", old_string: "one", new_string: "two" },
  process: { action: "list" },
  read_file: { path: "notes.txt" },
  search_files: { pattern: "one" },
  terminal: { command: "echo hi" },
  web_extract: { urls: ["https://example.com/"] },
  web_search: { query: "sourdough" },
  vision_analyze: { image_url: "plot.png", question: "What rises?" },
  todo: { todos: [{ id: "1", content: "Look", status: "pending" }] },
  write_file: { path: "notes.txt", content: "one\ntwo\n" },
};

function withoutSchema({ schema: _, ...tool }: Tool): Tool {
  return tool;
}

/** The arrays of a schema that have no `items`. */
function arraysOfAnything(schema: unknown): readonly unknown[] {
  if (typeof schema !== "object" || schema === null) return [];
  const here = "type" in schema && schema.type === "array" && !("items" in schema) ? [schema] : [];
  return [...here, ...Object.values(schema).flatMap(arraysOfAnything)];
}

suite("tools: every tool", () => {
  for (const tool of tools) {
    test(`${tool.name}: a strict object of described parameters, each required or with a default`, () => {
      const [spec] = toolSpecs([tool], hint);
      assert.ok(spec);
      const parameters = spec.parameters as {
        type: string;
        required?: string[];
        properties: Record<string, { default?: unknown }>;
      };
      assert.equal(parameters.type, "object");
      assert.deepEqual(arraysOfAnything(parameters), [], "OpenAI refuses an array that does not say of what it is");
      assert.ok(spec.description.length < 250, "short");
      // One that is written by hand to be shorter shows only what is there.
      if (tool.schema !== undefined) {
        const known = Object.keys(toolSpecs([withoutSchema(tool)], hint)[0]?.parameters["properties"] ?? {});
        assert.deepEqual(
          Object.keys(parameters.properties).filter((name) => !known.includes(name)),
          [],
        );
        return;
      }
      const whole = z.toJSONSchema(tool.parameters, { io: "input" });
      assert.equal(whole.additionalProperties, false);
      assert.deepEqual(Object.keys(parameters.properties), Object.keys(whole.properties ?? {}));
      for (const [name, schema] of Object.entries(whole.properties ?? {})) {
        const required = (parameters.required ?? []).includes(name);
        const byDefault = typeof schema === "object" ? schema.default : undefined;
        assert.ok(required || byDefault !== undefined, `${name} is neither required nor has a default`);
        // What is nothing by default needs no word.
        if (byDefault && !(Array.isArray(byDefault) && byDefault.length === 0))
          assert.equal(parameters.properties[name]?.default, byDefault);
      }
    });

    test(`${tool.name}: takes its call, previews it in one line, and refuses anything else with an example that passes`, () => {
      const parsed = parseArguments(tool, JSON.stringify(calls[tool.name]));
      assert.ok(parsed.ok);
      assert.match(tool.preview(parsed.args), /^[^\n]{1,120}$/);
      const mayBeEmpty = tool.parameters.safeParse({}).success;
      const nothing = mayBeEmpty ? [] : ["{}", "null", "{"];
      for (const broken of [...nothing, '{"nonsense":1}', "[]", "7", '"text"']) {
        const refused = parseArguments(tool, broken);
        assert.ok(!refused.ok, broken);
        const example = /example: (\{.*\})$/.exec(refused.error)?.[1] ?? "";
        assert.ok(parseArguments(tool, example).ok, refused.error);
      }
    });
  }

  test("specs are sorted and the same bytes whatever the order, and cost few tokens", () => {
    const text = JSON.stringify(toolSpecs(tools, hint));
    assert.equal(JSON.stringify(toolSpecs(tools.toReversed(), hint)), text);
    assert.deepEqual(
      toolSpecs(tools.toReversed(), hint).map(({ name }) => name),
      tools.map(({ name }) => name).toSorted(),
    );
    assert.ok(text.includes(hint));
    assert.ok(encode(text).length < 1_960, `${encode(text).length} tokens`);
  });
});

suite("tools: arguments", () => {
  test("broken JSON is mended for a tool that only reads, and never run for one that acts", () => {
    assert.deepEqual(parseArguments(named("read_file"), "{path: 'a.txt', limit: 5,}"), {
      ok: true,
      args: { path: "a.txt", limit: 5 },
    });
    const refused = parseArguments(named("terminal"), '{"command": "rm -rf build"');
    assert.ok(!refused.ok && /was not run: its arguments are/.test(refused.error));
  });

  test("harmless slips are put right", () => {
    const expected = { ok: true, args: { command: "ls", timeout: 60 } };
    assert.deepEqual(parseArguments(named("terminal"), '{"command":"ls","timeout":"60","workdir":null}'), expected);
    assert.deepEqual(parseArguments(named("terminal"), JSON.stringify('{"command":"ls","timeout":60}')), expected);
  });

  test("a refusal names the parameter", () => {
    const said = (name: string, args: object): string => {
      const parsed = parseArguments(named(name), JSON.stringify(args));
      return parsed.ok ? "accepted" : parsed.error;
    };
    assert.match(
      said("terminal", { cmd: "ls" }),
      /command is missing; there is no parameter cmd \(there are: command, timeout, workdir, background,[^)]*\)/,
    );
    assert.match(said("read_file", { path: "a", limit: 99_999 }), /limit: .*2000.*example: \{"path":"a"\}$/);
    assert.match(said("memory", { action: "append", target: "user" }), /action: .*"add"\|"replace"\|"remove"/);
    assert.match(said("terminal", { command: 5 }), /command: .*string/);
  });
});

suite("tools: at work", () => {
  test("terminal: output, exit code, time limit, and nothing to show", async () => {
    await using rig = await openRig("virtual");
    const terminal = named("terminal");
    const { context, shown } = contextOf(rig);
    assert.equal(await terminal.run({ command: "echo hi" }, context), "hi");
    assert.equal(await terminal.run({ command: "echo no; exit 3" }, context), "no\n[exit code 3]");
    assert.equal(await terminal.run({ command: "true" }, context), "(no output)");
    assert.equal(await terminal.run({ command: "printf '\\033[31mred\\033[0m\\n'" }, context), "red");
    assert.equal(await terminal.run({ command: "pwd", workdir: "/tmp" }, context), "/tmp");
    assert.match(await terminal.run({ command: "sleep 30", timeout: 1 }, context), /\[stopped: not finished after 1 s\./);
    const brief = { ...context, limits: { ...context.limits, commandMs: 100 } };
    assert.match(await terminal.run({ command: "sleep 30" }, brief), /not finished after 0\.1 s/);
    assert.ok(shown.includes("hi\n"));
  });

  test("results are cut to the limit, beginning and end kept", async () => {
    await using rig = await openRig("virtual");
    const { context } = contextOf(rig);
    const text = await named("terminal").run({ command: "echo begin; seq 1 3000; echo end" }, context);
    assert.ok(text.length <= context.limits.resultChars, `${text.length}`);
    assert.match(text, /^begin\n1\n[^]*\[\.\.\. \d+ characters cut here[^]*\n3000\nend$/);
  });

  test("files are written, and read with their line numbers in pages", async () => {
    await using rig = await openRig("virtual");
    const { context } = contextOf(rig);
    const [read, write] = [named("read_file"), named("write_file")];
    assert.equal(await write.run({ path: "a/b.txt", content: "one\ntwo\n" }, context), "Wrote a/b.txt: 8 bytes, 2 lines.");
    assert.equal(await read.run({ path: "a/b.txt" }, context), "1|one\n2|two");
    const long = Array.from({ length: 900 }, (_value, index) => `line ${index + 1}`).join("\n");
    await write.run({ path: "long.txt", content: long }, context);
    assert.equal(await read.run({ path: "long.txt", offset: 899, limit: 5 }, context), "899|line 899\n900|line 900");
    assert.equal(
      await read.run({ path: "long.txt", offset: 3, limit: 2 }, context),
      "3|line 3\n4|line 4\n[lines 3-4 of 900; go on with offset 5]",
    );
    const page = await read.run({ path: "long.txt" }, context);
    assert.ok(page.length <= context.limits.resultChars);
    const [, last, next] = /\[lines 1-(\d+) of 900; go on with offset (\d+)\]$/.exec(page) ?? [];
    assert.equal(Number(next), Number(last) + 1);
    await write.run({ path: "wide.txt", content: "w".repeat(5_000) }, context);
    assert.match(await read.run({ path: "wide.txt" }, context), /^1\|w{2000}\[\.\.\. 3000 characters cut\]$/);
    await write.run({ path: "empty", content: "" }, context);
    assert.equal(await read.run({ path: "empty" }, context), "(the file is empty)");
    await assert.rejects(read.run({ path: "a/b.txt", offset: 9 }, context), /the file has 2 lines/);
    await assert.rejects(read.run({ path: "absent" }, context), /no file absent/);
    await assert.rejects(write.run({ path: "copy.txt", content: "1|one\n2|two\n3|three" }, context), /line numbers of read_file/);
    await (await context.sandbox()).writeFile("binary", Buffer.from([1, 0, 2]));
    await assert.rejects(read.run({ path: "binary" }, context), /not text/);
  });

  test("model_speed looks up or measures, and shows what it does meanwhile", async () => {
    await using rig = await openRig("virtual");
    const { context, shown } = contextOf(rig);
    assert.equal(await named("model_speed").run({ action: "recent" }, context), "remembered");
    assert.equal(await named("model_speed").run({ action: "measure" }, context), "measured");
    assert.deepEqual(shown, ["Warming up\n"]);
  });

  test("memory passes on what it was asked, and says what an action lacks", async () => {
    await using rig = await openRig("virtual");
    const { context, changes } = contextOf(rig);
    const memory = named("memory");
    assert.equal(await memory.run({ action: "add", target: "user", content: "Likes tea." }, context), "noted");
    await memory.run({ action: "replace", target: "memory", content: "b", old_text: "a" }, context);
    await memory.run({ action: "remove", target: "memory", old_text: "a" }, context);
    assert.deepEqual(changes, [
      { action: "add", target: "user", content: "Likes tea." },
      { action: "replace", target: "memory", oldText: "a", content: "b" },
      { action: "remove", target: "memory", oldText: "a" },
    ]);
    await assert.rejects(memory.run({ action: "add", target: "user" }, context), /add needs content/);
    await assert.rejects(memory.run({ action: "remove", target: "user" }, context), /remove needs old_text/);
  });
});

function named(name: string): Tool {
  const found = tools.find((tool) => tool.name === name);
  assert.ok(found, name);
  return found;
}

function contextOf(rig: Rig) {
  const shown: string[] = [];
  const changes: MemoryChange[] = [];
  const context: ToolContext = {
    session: "s1",
    person: { id: "p1", name: "Ada", role: "member" },
    shared: false,
    signal: new AbortController().signal,
    sandbox: () => rig.open(),
    remember: async (change) => {
      changes.push(change);
      return "noted";
    },
    modelSpeed: async (fresh, say) => {
      if (fresh) say("Warming up");
      return fresh ? "measured" : "remembered";
    },
    configuration: { get: async (key) => `${key}: 1`, set: async (key, value) => `${key} is ${value} now` },
    ...barred,
    progress: (chunk) => shown.push(chunk),
    limits: { commandMs: 20_000, resultChars: 5_000 },
  };
  return { context, shown, changes };
}
