import { command } from "./command.ts";

export const stop = command({
  name: "stop",
  aliases: [],
  description: "Stop what I am doing here",
  role: "member",
  async run({ ports }) {
    const { running, dropped } = await ports.stop();
    // The stopped turn says so itself, with what it had so far.
    if (dropped > 0)
      return dropped === 1 ? "I dropped the message that was waiting." : `I dropped the ${dropped} messages that were waiting.`;
    return running ? null : "Nothing is running here.";
  },
});
