import { command } from "./command.ts";

export const steer = command({
  name: "steer",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    if (args === "") return "Say what: `/steer WORDS` reaches what I am doing at its next step.";
    const running = await ports.ask(args, "steer");
    return running ? "I take that in at my next step." : null;
  },
});
