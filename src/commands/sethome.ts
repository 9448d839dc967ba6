import { command } from "./command.ts";

export const sethome = command({
  name: "sethome",
  aliases: ["home"],
  role: "admin",
  whole: true,
  async run({ chat, kind, ports, language }) {
    await ports.chat.makeHome();
    return language.replies.sethome.done(chat.platform, kind);
  },
});
