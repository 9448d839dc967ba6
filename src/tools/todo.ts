import { z } from "zod";
import { tool } from "../core/tool.ts";
import { readTodos, type Todo, todoHead, todoStatuses, writeTodos } from "./todo-list.ts";

/** A list that is longer is no help. */
const mostTodos = 50;
const contentChars = 300;
const idChars = 40;

const parameters = z.strictObject({
  todos: z
    .array(z.object({ id: z.coerce.string(), content: z.string().optional(), status: z.enum(todoStatuses).optional() }))
    .default([]),
  merge: z.boolean().default(false),
});

type Given = z.output<typeof parameters>["todos"][number];

export const todo = tool({
  name: "todo",
  description: "Your task list, for work of several steps. No todos: read it.",
  kind: "effect",
  toolset: "todo",
  parameters,
  preview: ({ todos }) => (todos.length === 0 ? "todo list" : `todo list: ${todos.length} entries`),
  async run({ todos, merge }, { past }) {
    const before = async () => readTodos((await past.latestResult("todo", todoHead)) ?? "");
    if (todos.length === 0) return writeTodos(await before());
    const made = merged(merge ? await before() : [], todos);
    if (made.length > mostTodos) throw new Error(`At most ${mostTodos} entries: put small steps together.`);
    return writeTodos(made);
  },
});

/** Entries with a known id change, the others come after them. */
function merged(before: readonly Todo[], given: readonly Given[]): readonly Todo[] {
  const made = new Map(before.map((each) => [each.id, each]));
  for (const each of given) {
    const id = each.id
      .trim()
      .replaceAll(/[\s:]+/g, "-")
      .slice(0, idChars);
    const known = made.get(id);
    const content = each.content?.replaceAll(/\s+/g, " ").trim().slice(0, contentChars) || known?.content;
    if (id === "" || content === undefined) throw new Error(`Entry "${id}" is new and needs its content. Nothing was changed.`);
    made.set(id, { id, content, status: each.status ?? known?.status ?? "pending" });
  }
  return [...made.values()];
}
