import { command } from "./command.ts";

export const compress = command({
  name: "compress",
  aliases: ["compact"],
  argument: {},
  role: "member",
  async run({ args, ports }) {
    switch (await ports.compress(args.slice(0, mostFocus))) {
      case "nothing":
        return "There is nothing to shorten: this conversation has not begun.";
      case "begun":
        return "I shorten this conversation now; reading all of it may take a minute.";
      case "after_turn":
        return "I am working on a request. I shorten this conversation as soon as that is done, before the next one.";
      case "already":
        return "I have been asked for that already, and say when it is done.";
    }
  },
});

/** Characters of what is to be kept above all: it stands in every summary request. */
const mostFocus = 500;
