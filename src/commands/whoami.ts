import { command } from "./command.ts";

export const whoami = command({
  name: "whoami",
  aliases: [],
  role: "member",
  async run({ person, chat, kind, language, ports: { personal } }) {
    const { timezone } = await personal.settings();
    return [
      `- ${person.name}, ${person.role}`,
      `- ${chat.platform}, ${kind === "private" ? "a private chat" : "a shared chat"}`,
      `- ${language.name}, ${timezone ?? "the usual time zone"}`,
    ].join("\n");
  },
});
