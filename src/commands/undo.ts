import { plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const undo = command({
  name: "undo",
  aliases: [],
  role: "member",
  whenIdle: true,
  async run({ ports: { sessions } }) {
    const done = await sessions.undo();
    switch (done.type) {
      case "nothing":
        return "There is nothing to take back in this conversation.";
      case "summarised":
        return "That request is already part of a summary; it can't be taken out of it. /new begins afresh.";
      case "others":
        return "The newest request is somebody else's: they can take it back, or an admin.";
      case "undone":
        return `Taken back: ${plainWords(shortened(done.request))}\nWhat it has done to files or elsewhere stays done.`;
    }
  },
});

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= 120 ? line : `${line.slice(0, 119).toWellFormed()}…`;
}
