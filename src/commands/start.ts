import { command } from "./command.ts";

/** `/start`: what Telegram sends when somebody opens the bot for the first time. */
export const start = command({
  name: "start",
  aliases: [],
  role: "member",
  async run({ person, kind }) {
    const where = kind === "shared" ? "In a group, mention me or reply to me." : "Just write to me.";
    return `Hello ${person.name}. I run commands and read and write files in a sandbox, and I remember what matters to you. ${where} /help lists the commands.`;
  },
});
