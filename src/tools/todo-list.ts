/** One thing to do. */
export interface Todo {
  readonly id: string;
  readonly content: string;
  readonly status: TodoStatus;
}

export const todoStatuses = ["pending", "in_progress", "completed", "cancelled"] as const;
export type TodoStatus = (typeof todoStatuses)[number];

/** How every text of a list begins. */
export const todoHead = "Todo (";

const marks: Readonly<Record<TodoStatus, string>> = { pending: " ", in_progress: ">", completed: "x", cancelled: "-" };

/** A list as the model reads it, and as the journal keeps it: what is written here can be read back. */
export function writeTodos(todos: readonly Todo[]): string {
  const done = todos.filter(({ status }) => status === "completed").length;
  if (todos.length === 0) return `${todoHead}empty)`;
  return [
    `${todoHead}${done} of ${todos.length} done):`,
    ...todos.map(({ id, content, status }) => `[${marks[status]}] ${id}: ${content}`),
  ].join("\n");
}

/** The list in a text. */
export function readTodos(text: string): readonly Todo[] {
  return text.split("\n").flatMap((line): Todo[] => {
    const [, mark, id, content] = /^\[([ >x-])\] ([^\s:]+): (.+)$/.exec(line) ?? [];
    const status = todoStatuses.find((each) => marks[each] === mark);
    return status === undefined || id === undefined || content === undefined ? [] : [{ id, content, status }];
  });
}
