import { command } from "./command.ts";

export const compress = command({
  name: "compress",
  aliases: ["compact"],
  argument: {},
  role: "member",
  asks: true,
  whole: true,
  async run({ args, ports, language }) {
    return language.replies.compress[await ports.compress(args.slice(0, mostFocus))];
  },
});

/** Characters of what is to be kept above all: it stands in every summary request. */
const mostFocus = 500;
