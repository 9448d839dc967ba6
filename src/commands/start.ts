import { command } from "./command.ts";

/** `/start`: what Telegram sends when somebody opens the bot for the first time. */
export const start = command({
  name: "start",
  aliases: [],
  role: "member",
  async run({ person, kind, language: { answers } }) {
    return answers.hello(person.name, kind);
  },
});
