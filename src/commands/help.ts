import type { Command } from "../core/command.ts";
import type { Language } from "../core/language.ts";
import { codeSpan } from "../core/markdown.ts";
import { command, findCommand, wordsOf } from "./command.ts";

export const help = command({
  name: "help",
  aliases: ["commands"],
  argument: {},
  role: "member",
  async run({ commands, kind, language, args }) {
    const { help: words } = language;
    const asked = args.replace(/^\//, "").toLowerCase();
    if (asked !== "") return about(commands, language, asked);
    const lines = commands.map((each) => `- /${each.name}: ${wordsOf(each, language).line}`);
    return [kind === "shared" ? words.inShared : words.inPrivate, "", ...lines, "", words.more].join("\n");
  },
});

function about(commands: readonly Command[], language: Language, name: string): string {
  const found = findCommand(commands, name);
  if (found.type === "several") return language.help.ambiguous(name, found.names);
  if (found.type === "none") return language.help.unknown(name);
  const { line, argument } = wordsOf(found.command, language);
  const { aliases } = found.command;
  return [
    `**/${found.command.name}**${argument === undefined ? "" : ` ${codeSpan(argument)}`}`,
    "",
    line,
    ...(aliases.length === 0 ? [] : ["", `${language.help.aliases}: ${aliases.map((each) => `/${each}`).join(", ")}`]),
  ].join("\n");
}
