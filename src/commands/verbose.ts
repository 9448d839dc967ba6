import { progressModes } from "../core/chat-settings.ts";
import { command } from "./command.ts";

export const verbose = command({
  name: "verbose",
  aliases: [],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language, ports: { chat } }) {
    const { verbose: words } = language.replies;
    const wanted = args.toLowerCase();
    const now = (await chat.settings()).toolProgress;
    if (wanted === "auto") {
      await chat.chooseProgress(null);
      return words.auto;
    }
    // Without a word: the next one, as the original has it.
    const next = progressModes[(progressModes.indexOf(now) + 1) % progressModes.length];
    const mode = wanted === "" ? next : progressModes.find((each) => each === wanted);
    if (mode === undefined) return words.say;
    await chat.chooseProgress(mode);
    return words.chosen[mode];
  },
});
