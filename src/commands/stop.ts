import { command } from "./command.ts";

export const stop = command({
  name: "stop",
  aliases: [],
  role: "member",
  async run({ ports }) {
    const { running, shortening, dropped } = await ports.stop();
    const said = [
      ...(shortening ? ["I stopped shortening this conversation; it stays as it was."] : []),
      ...(dropped === 1 ? ["I dropped the message that was waiting."] : []),
      ...(dropped > 1 ? [`I dropped the ${dropped} messages that were waiting.`] : []),
    ];
    // The stopped turn says so itself, with what it had so far.
    return said.length > 0 ? said.join(" ") : running ? null : "Nothing is running here.";
  },
});
