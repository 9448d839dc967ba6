import assert from "node:assert/strict";
import test, { suite } from "node:test";
import fc from "fast-check";
import type { Placed } from "../../src/agent/compression/boundaries.ts";
import { isPrunable } from "../../src/agent/compression/pruning.ts";
import { withoutTodos, withTodos } from "../../src/agent/compression/todos.ts";
import type { ToolContext } from "../../src/core/tool.ts";
import { todo } from "../../src/tools/todo.ts";
import { readTodos, todoStatuses, writeTodos } from "../../src/tools/todo-list.ts";

/** A turn whose journal holds what the tool has said so far. */
function desk() {
  const said: string[] = [];
  const past = { latestResult: async (_tool: string, head: string) => said.findLast((text) => text.startsWith(head)) ?? null };
  // The tool looks at nothing else.
  const context = { past } as unknown as ToolContext;
  return async (args: Record<string, unknown>) => {
    const text = await todo.run(args, context);
    said.push(text);
    return text;
  };
}

suite("todo", () => {
  test("is written, read, merged by id and replaced", async () => {
    const call = desk();
    assert.equal(await call({}), "Todo (empty)");
    await call({
      todos: [
        { id: "a b", content: "One\nline: [x] 2: not this", status: "pending" },
        { id: 2, content: "Two" },
      ],
    });
    assert.equal(await call({}), "Todo (0 of 2 done):\n[ ] a-b: One line: [x] 2: not this\n[ ] 2: Two");
    const merged = "Todo (1 of 3 done):\n[ ] a-b: One line: [x] 2: not this\n[x] 2: Two\n[-] 3: Three";
    assert.equal(
      await call({
        merge: true,
        todos: [
          { id: "2", status: "completed" },
          { id: "3", content: "Three", status: "cancelled" },
        ],
      }),
      merged,
    );
    await assert.rejects(
      call({ merge: true, todos: [{ id: "9", status: "completed" }] }),
      /Entry "9" is new and needs its content/,
    );
    assert.equal(await call({}), merged);
    assert.equal(await call({ todos: [{ id: "z", content: "Only" }] }), "Todo (0 of 1 done):\n[ ] z: Only");
    await assert.rejects(
      call({ todos: Array.from({ length: 51 }, (_value, at) => ({ id: `${at}`, content: "x" })) }),
      /At most 50/,
    );
  });

  test("whatever it holds, what is written is read back", async () => {
    const entry = fc.record({
      id: fc.string({ minLength: 1 }),
      content: fc.string({ minLength: 1, unit: "binary" }),
      status: fc.constantFrom(...todoStatuses),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 10 }), async (todos) => {
        const call = desk();
        const first = await call({ todos }).catch(() => null);
        if (first !== null) assert.equal(await call({}), first);
      }),
    );
  });

  test("a shortened conversation keeps the newest list below its summary, unless it is done or still to be seen", () => {
    const open = writeTodos([{ id: "1", content: "Go", status: "in_progress" }]);
    const done = writeTodos([{ id: "1", content: "Go", status: "completed" }]);
    const result = (id: number, content: string): Placed => ({ id, message: { role: "tool", call: "c", name: "todo", content } });
    const kept = withTodos("summary", [result(1, done), result(2, open), result(3, "Error: no")], 5, null);
    assert.match(kept, /^summary\n\nYour todo list[^]*\[>\] 1: Go$/);
    assert.equal(withTodos("summary", [result(2, done)], 5, kept), "summary");
    assert.equal(withTodos("summary", [result(7, open)], 5, kept), "summary");
    assert.equal(withTodos("next", [], 9, kept), kept.replace("summary", "next"));
    assert.equal(withoutTodos(kept), "summary");
    assert.equal(withTodos("summary", [], 5, null), "summary");
    assert.equal(readTodos(kept).length, 1);
    assert.equal(isPrunable(result(1, "x".repeat(5_000))), false);
  });
});
