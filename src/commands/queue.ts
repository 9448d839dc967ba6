import { command } from "./command.ts";

export const queue = command({
  name: "queue",
  aliases: ["q"],
  argument: {},
  role: "member",
  asks: true,
  async run({ args, ports, language: { answers } }) {
    if (args === "") return answers.queueWhat;
    const running = await ports.ask(args, "queue");
    return running ? answers.comesNext : null;
  },
});
