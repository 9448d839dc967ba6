import { command } from "./command.ts";

export const fresh = command({
  name: "new",
  aliases: ["reset"],
  role: "member",
  async run({ ports }) {
    await ports.newSession();
    return "A new conversation begins. What I saved in memory stays.";
  },
});
