import { command } from "./command.ts";

export const background = command({
  name: "background",
  aliases: ["bg"],
  argument: {},
  role: "member",
  asks: true,
  async run({ args, files, language, ports: { errands } }) {
    const { background: words } = language.replies;
    if (args === "") return words.say;
    if (files) return words.files;
    const number = await errands.begin(args);
    return number === null ? words.enough : words.begun(number);
  },
});
