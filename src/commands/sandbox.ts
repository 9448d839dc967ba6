import { command } from "./command.ts";

export const sandbox = command({
  name: "sandbox",
  aliases: [],
  description: "Show where commands run, why, and within what limits",
  role: "member",
  async run({ ports }) {
    return (await ports.sandbox()).map((line) => `- ${line}`).join("\n");
  },
});
