import { readTodos, writeTodos } from "../../tools/todo-list.ts";
import type { Placed } from "./boundaries.ts";

const heading = "Your todo list as it stood then; todo changes it:";

/**
 * The summary with the todo list below it, so that the list outlives the messages it was in. None where a newer one stands in the
 * messages that stay, and where nothing in it is open.
 */
export function withTodos(summary: string, journal: readonly Placed[], upto: number, previous: string | null): string {
  const last = journal.findLast(({ message }) => isTodoResult(message) && readTodos(message.content).length > 0);
  if (last !== undefined && last.id > upto) return summary;
  const todos = readTodos(last?.message.content ?? listIn(previous));
  const open = todos.some(({ status }) => status === "pending" || status === "in_progress");
  return open ? `${summary}\n\n${heading}\n${writeTodos(todos)}` : summary;
}

/** A summary without the list: the next one is not to retell it. */
export function withoutTodos(summary: string | null): string | null {
  return summary === null ? null : (summary.split(`\n\n${heading}\n`)[0] ?? summary);
}

/** Lists are short, and what the work goes by: they stay when other results are left out. */
export function isTodoResult(message: Placed["message"]): boolean {
  return message.role === "tool" && message.name === "todo";
}

function listIn(summary: string | null): string {
  return summary?.split(`\n\n${heading}\n`)[1] ?? "";
}
