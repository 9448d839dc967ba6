import { progressModes } from "../core/chat-settings.ts";
import { command } from "./command.ts";

export const verbose = command({
  name: "verbose",
  aliases: [],
  argument: {},
  role: "member",
  async run({ args, ports: { chat } }) {
    const wanted = args.toLowerCase();
    const now = (await chat.settings()).toolProgress;
    if (wanted === "auto") {
      await chat.chooseProgress(null);
      return "Tools are shown as configured again.";
    }
    // Without a word: the next one, as the original has it.
    const next = progressModes[(progressModes.indexOf(now) + 1) % progressModes.length];
    const mode = wanted === "" ? next : progressModes.find((each) => each === wanted);
    if (mode === undefined) return "Say `/verbose off`, `/verbose new`, `/verbose all` or `/verbose auto`.";
    await chat.chooseProgress(mode);
    return said[mode];
  },
});

const said = {
  off: "I don't show my tools in this chat while I work.",
  new: "While I work I show a tool when I begin to use it, in this chat.",
  all: "While I work I show each call of a tool, in this chat.",
} as const;
