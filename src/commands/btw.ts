import { command } from "./command.ts";

export const btw = command({
  name: "btw",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, files, ports: { errands } }) {
    if (args === "") return "Ask what: `/btw QUESTION` is answered beside this conversation, which goes on without it.";
    if (files) return "Files can't go along with a side question. Send them by themselves first, then ask about them.";
    const number = await errands.aside(args);
    return number === null ? "You have ten background tasks already. Wait for one, or stop one: /agents lists them." : null;
  },
});
