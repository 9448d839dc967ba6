import { z } from "zod";
import type { ToolCall } from "../core/model.ts";
import { matchName } from "../model/names.ts";

/** Other names that the original has, or had, for a tool. */
const otherNames: Readonly<Record<string, string>> = {
  process_manage: "process",
  todo_list: "todo",
  read: "read_file",
  write: "write_file",
  search: "search_files",
  bash: "terminal",
  shell: "terminal",
};

/** Tools that were one once: which is meant stands in `action`. */
const parted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  file: {
    read: "read_file",
    list: "read_file",
    write: "write_file",
    create: "write_file",
    patch: "patch",
    edit: "patch",
    replace: "patch",
    search: "search_files",
    find: "search_files",
  },
};

/** The call under the name of the offered tool it means; as it is where it means none. */
export function namedCall(call: ToolCall, offered: readonly string[]): ToolCall {
  const name = matchName(call.name, offered);
  if (name !== null) return { ...call, name };
  const other = matchName(call.name, Object.keys(otherNames));
  const meant = other === null ? undefined : otherNames[other];
  if (meant !== undefined && offered.includes(meant)) return { ...call, name: meant };
  return partOf(call, offered) ?? call;
}

function partOf(call: ToolCall, offered: readonly string[]): ToolCall | null {
  const whole = matchName(call.name, Object.keys(parted));
  const given = argumentsOf(call);
  if (whole === null || given === null) return null;
  const { action, ...rest } = given;
  const meant = parted[whole]?.[typeof action === "string" ? action.trim().toLowerCase() : actionIn(rest)];
  return meant === undefined || !offered.includes(meant) ? null : { ...call, name: meant, arguments: JSON.stringify(rest) };
}

/** A call without an action says by its parameters what it is about. */
function actionIn(given: Readonly<Record<string, unknown>>): string {
  if ("content" in given) return "write";
  if ("old_string" in given) return "patch";
  return "pattern" in given ? "search" : "read";
}

function argumentsOf({ arguments: text }: ToolCall): Readonly<Record<string, unknown>> | null {
  try {
    const object = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    return object.success ? object.data : null;
  } catch {
    return null;
  }
}
