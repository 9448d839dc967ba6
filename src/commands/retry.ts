import { command } from "./command.ts";

export const retry = command({
  name: "retry",
  aliases: [],
  role: "member",
  asks: true,
  async run({ ports, language: { answers } }) {
    return (await ports.retry()) ? null : answers.nothingToRetry;
  },
});
