import { plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const undo = command({
  name: "undo",
  aliases: [],
  role: "member",
  whole: true,
  whenIdle: true,
  async run({ ports: { sessions }, language: { answers } }) {
    const done = await sessions.undo();
    switch (done.type) {
      case "nothing":
        return answers.nothingToUndo;
      case "summarised":
        return answers.undoSummarised;
      case "others":
        return answers.undoOthers;
      case "undone":
        return answers.undone(plainWords(shortened(done.request)));
    }
  },
});

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= 120 ? line : `${line.slice(0, 119).toWellFormed()}…`;
}
