import { command } from "./command.ts";

export const fresh = command({
  name: "new",
  aliases: ["reset"],
  role: "member",
  whole: true,
  async run({ ports, language: { answers } }) {
    await ports.newSession();
    return answers.begun;
  },
});
