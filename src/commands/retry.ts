import { command } from "./command.ts";

export const retry = command({
  name: "retry",
  aliases: [],
  description: "Ask your last request again",
  role: "member",
  async run({ ports }) {
    return (await ports.retry()) ? null : "There is nothing to ask again yet. Send me a request first.";
  },
});
