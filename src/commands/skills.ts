import { command } from "./command.ts";

export const skills = command({
  name: "skills",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    const { text } = await ports.skills.run(args);
    return text === "" ? null : text;
  },
});
