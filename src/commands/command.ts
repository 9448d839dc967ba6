import type { Command } from "../core/command.ts";
import { isAtLeast, type Role } from "../core/chats.ts";
import type { CommandWords, Language } from "../core/language.ts";

/** Keeps a command's own type, by which the languages know its name and whether it takes something. */
export function command<const C extends Command>(definition: C): C {
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

/** What commands are known by. */
type Named = Pick<Command, "name" | "aliases">;

/** What a typed name stands for. */
export type Found<C extends Named = Command> =
  | { readonly type: "one"; readonly command: C }
  | { readonly type: "several"; readonly names: readonly string[] }
  | { readonly type: "none" };

/** The command of that name or alias, or else the only one that begins so. Telegram has no `-` in names: `_` stands for it. */
export function findCommand<C extends Named>(commands: readonly C[], typed: string): Found<C> {
  const name = plainName(typed);
  const exact = commands.find((each) => namesOf(each).includes(name));
  if (exact) return { type: "one", command: exact };
  const begin = commands.filter((each) => namesOf(each).some((own) => own.startsWith(name)));
  const [first] = begin;
  if (first === undefined) return { type: "none" };
  return begin.length === 1
    ? { type: "one", command: first }
    : { type: "several", names: begin.map((each) => each.name).slice(0, mostNamed) };
}

/** The words of a command: a language's, or its own where it is no code of ours. */
export function wordsOf({ name, description, argument }: Command, language: Language): CommandWords {
  const words = Object.hasOwn(language.commands, name) ? language.commands[name] : undefined;
  return words ?? { line: description ?? name, ...(argument ? { argument: "…" } : {}) };
}

const mostNamed = 12;

function namesOf({ name, aliases }: Named): readonly string[] {
  return [name, ...aliases].map(plainName);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
