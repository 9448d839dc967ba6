import { command } from "./command.ts";

export const retry = command({
  name: "retry",
  aliases: [],
  role: "member",
  async run({ ports }) {
    return (await ports.retry()) ? null : "There is nothing to ask again yet. Send me a request first.";
  },
});
