import { command } from "./command.ts";

export const queue = command({
  name: "queue",
  aliases: ["q"],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    if (args === "") return "Say what: `/queue REQUEST` is answered when the running one is done.";
    const running = await ports.ask(args, "queue");
    return running ? "That comes next." : null;
  },
});
