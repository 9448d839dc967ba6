import type { Command } from "../core/command.ts";
import { isAtLeast, type Role } from "../core/chats.ts";

/** Keeps a command's literal types honest; the registry sees a plain `Command`. */
export function command(definition: Command): Command {
  return definition;
}

/** Whether a role may use a command. */
export function mayUse(role: Role, wanted: Command): boolean {
  return isAtLeast(role, wanted.role);
}

/** A message read as a command: its name without the slash, and the rest. Null for anything else, such as a path. */
export function parseCommand(text: string): { name: string; args: string } | null {
  const match = /^\/([a-z][a-z0-9_-]{0,31})(?:@\w+)?(?:\s+([\s\S]*))?$/i.exec(text.trim());
  return match?.[1] === undefined ? null : { name: match[1].toLowerCase(), args: (match[2] ?? "").trim() };
}

/** The command of that name or alias. */
export function findCommand(commands: readonly Command[], name: string): Command | null {
  return commands.find((each) => each.name === name || each.aliases.includes(name)) ?? null;
}
