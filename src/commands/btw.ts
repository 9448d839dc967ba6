import { command } from "./command.ts";

export const btw = command({
  name: "btw",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports: { errands } }) {
    if (args === "") return "Ask what: `/btw QUESTION` is answered beside this conversation, which goes on without it.";
    const number = await errands.aside(args);
    return number === null ? "You have ten background tasks already. Wait for one, or stop one: /agents lists them." : null;
  },
});
