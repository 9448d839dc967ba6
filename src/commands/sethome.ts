import { command } from "./command.ts";

export const sethome = command({
  name: "sethome",
  aliases: ["home"],
  role: "admin",
  async run({ chat, kind, ports }) {
    await ports.chat.makeHome();
    const who = kind === "private" ? "Only you read it." : "Everybody here reads it.";
    return `Reports for ${chat.platform}'s home arrive here from now on. ${who}`;
  },
});
