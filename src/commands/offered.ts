import type { Command } from "../core/command.ts";
import { isAtLeast } from "../core/chats.ts";
import type { Language, OfferedCommand } from "../core/language.ts";
import { wordsOf } from "./command.ts";

/** The commands as the platforms offer them; `first` is the language of whoever has none that ships. */
export function offeredCommands(
  commands: readonly Command[],
  first: Language,
  languages: readonly Language[],
): readonly OfferedCommand[] {
  return commands.map((each) => offered(each, first, languages));
}

/** The commands with the team's skills behind them, as far as a command has not their names. */
export function withSkills(
  commands: readonly OfferedCommand[],
  skills: readonly { readonly name: string; readonly description: string }[],
  { commands: words }: Language,
): readonly OfferedCommand[] {
  const taken = new Set(commands.flatMap(({ name, aliases }) => [name, ...aliases]));
  const free = skills.filter(({ name }) => !taken.has(name) && name.length <= mostName);
  const argument = { description: words["skill"]?.argument ?? "…" };
  return [
    ...commands,
    ...free.map(({ name, description }) => ({
      name,
      aliases: [],
      description: shortened(description),
      argument,
      skill: true as const,
    })),
  ];
}

/** Discord's and Telegram's limit of a command's name, and Discord's of its line. */
const mostName = 32;
const lineChars = 100;

function shortened(text: string): string {
  return text.length <= lineChars ? text : `${text.slice(0, lineChars - 1).toWellFormed()}…`;
}

function offered(each: Command, first: Language, languages: readonly Language[]): OfferedCommand {
  const { line, argument } = wordsOf(each, first);
  const others = languages.filter((language) => language !== first && Object.hasOwn(language.commands, each.name));
  return {
    name: each.name,
    aliases: each.aliases,
    ruling: !isAtLeast("member", each.role),
    description: line,
    ...(each.argument ? { argument: { description: argument ?? "…", ...each.argument } } : {}),
    translations: Object.fromEntries(others.map((language) => [language.code, wordsOf(each, language)])),
  };
}
