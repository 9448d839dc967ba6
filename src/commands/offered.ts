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
