import { command } from "./command.ts";

export const stop = command({
  name: "stop",
  aliases: [],
  role: "member",
  urgent: true,
  async run({ ports, language: { answers } }) {
    const { running, shortening, dropped } = await ports.stop();
    const said = [...(shortening ? [answers.shorteningStopped] : []), ...(dropped > 0 ? [answers.dropped(dropped)] : [])];
    // The stopped turn says so itself, with what it had so far.
    if (said.length > 0) return said.join(" ");
    if (running) return null;
    return answers.nothingRuns((await ports.errands.list()).length);
  },
});
