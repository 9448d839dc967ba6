import { command } from "./command.ts";

export const background = command({
  name: "background",
  aliases: ["bg"],
  argument: {},
  role: "member",
  async run({ args, files, ports: { errands } }) {
    if (args === "") return "Say what to do: `/background WHAT TO DO`. The answer comes here when it is done.";
    if (files)
      return "Files can't go along with a background task. Send them by themselves first, then say what to do with them.";
    const number = await errands.begin(args);
    if (number === null) return "You have ten background tasks already. Wait for one, or stop one: /agents lists them.";
    return `Background task ${number} has begun. Its answer comes here; \`/agents stop ${number}\` stops it.`;
  },
});
