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
    if (said.length > 0) return said.join(" ");
    if (running) return null;
    const beside = (await ports.errands.list()).length;
    return beside === 0
      ? "Nothing is running here."
      : `Nothing is running here. ${besides(beside)}: /agents lists and stops them.`;
  },
});

function besides(count: number): string {
  return count === 1 ? "A background task is" : `${count} background tasks are`;
}
