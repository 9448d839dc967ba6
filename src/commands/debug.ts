import { codeBlock } from "../core/markdown.ts";
import { command } from "./command.ts";

export const debug = command({
  name: "debug",
  aliases: [],
  role: "admin",
  async run({ chat, kind, ports }) {
    const { version, lines } = await ports.about();
    const facts = [`Hermes Team ${version}`, ...lines, `asked on ${chat.platform}, ${kind}`];
    return ["Facts for a report of a fault; no name, message, key or address is in it.", "", codeBlock(facts.join("\n"))].join(
      "\n",
    );
  },
});
