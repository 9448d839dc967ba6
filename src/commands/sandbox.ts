import { command } from "./command.ts";

export const sandbox = command({
  name: "sandbox",
  aliases: [],
  role: "member",
  async run({ ports }) {
    return (await ports.sandbox()).map((line) => `- ${line}`).join("\n");
  },
});
