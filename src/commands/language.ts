import { codeSpan } from "../core/markdown.ts";
import { command } from "./command.ts";

export const language = command({
  name: "language",
  aliases: ["lang"],
  argument: { offers: "languages" },
  role: "member",
  whole: true,
  async run({ args, language: current, ports: { personal } }) {
    const wanted = args.toLowerCase();
    const known = personal.languages.map(({ code, name }) => `${codeSpan(code)} (${name})`).join(", ");
    if (wanted === "") {
      const { language: picked, client } = await personal.settings();
      const asClient = picked === null && client === current.code;
      return `${current.name}${asClient ? ` (${current.help.asClient})` : ""}. ${known}, ${codeSpan("auto")}`;
    }
    if (wanted === "auto") {
      await personal.choose("language", null);
      return current.help.languageAuto;
    }
    const found = personal.languages.find(({ code, name }) => code === wanted || name.toLowerCase() === wanted);
    if (!found) return `${current.help.noLanguage} ${known}, ${codeSpan("auto")}`;
    await personal.choose("language", found.code);
    return `✓ ${found.name}`;
  },
});
