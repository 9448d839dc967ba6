import { command } from "./command.ts";

export const btw = command({
  name: "btw",
  aliases: [],
  argument: {},
  role: "member",
  asks: true,
  async run({ args, files, language: { replies }, ports: { errands } }) {
    if (args === "") return replies.btw.say;
    if (files) return replies.btw.files;
    const number = await errands.aside(args);
    return number === null ? replies.background.enough : null;
  },
});
