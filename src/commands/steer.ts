import { command } from "./command.ts";

export const steer = command({
  name: "steer",
  aliases: [],
  argument: {},
  role: "member",
  asks: true,
  async run({ args, ports, language: { answers } }) {
    if (args === "") return answers.steerWhat;
    const running = await ports.ask(args, "steer");
    return running ? answers.steered : null;
  },
});
