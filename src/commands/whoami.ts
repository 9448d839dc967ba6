import { command } from "./command.ts";

export const whoami = command({
  name: "whoami",
  aliases: [],
  role: "member",
  async run({ person, chat, kind, language, ports: { personal } }) {
    const { whoami: words, roles } = language.replies;
    const { timezone } = await personal.settings();
    return [
      `- ${person.name}, ${roles[person.role]}`,
      `- ${words.chat(chat.platform, kind)}`,
      `- ${language.name}, ${timezone ?? words.usualZone}`,
    ].join("\n");
  },
});
