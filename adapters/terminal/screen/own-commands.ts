import type { TerminalCommand } from "../../../src/core/terminal.ts";

/** The commands that the terminal itself answers. */
export const ownCommands: readonly TerminalCommand[] = [
  { name: "attach", about: "a file for what you say next", argument: true, skill: false },
  { name: "exit", about: "leave", argument: false, skill: false },
  { name: "clear", about: "an empty screen", argument: false, skill: false },
];

/** What the terminal is to do. */
export type OwnCommand =
  | { readonly type: "leave" | "clear" }
  | { readonly type: "attach"; readonly path: string; readonly wanted: "any" | "picture" };

/** What a text orders the terminal to do; null: it is something to be said. */
export function ownCommand(text: string): OwnCommand | null {
  const [, name = "", rest = ""] = /^\s*\/(\S+)([^]*)$/.exec(text) ?? [];
  const path = rest.trim();
  switch (name.toLowerCase()) {
    case "exit":
    case "quit":
      return path === "" ? { type: "leave" } : null;
    case "clear":
      return path === "" ? { type: "clear" } : null;
    case "attach":
    case "file":
      return { type: "attach", path, wanted: "any" };
    // As the original has it.
    case "image":
      return { type: "attach", path, wanted: "picture" };
  }
  return null;
}

/** Whether what follows a command is a file's path. */
export function takesPath(command: string): boolean {
  return ownCommand(`/${command} x`)?.type === "attach";
}
