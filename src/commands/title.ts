import { plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const title = command({
  name: "title",
  aliases: ["rename"],
  argument: {},
  role: "member",
  async run({ args, ports: { sessions } }) {
    if (args === "") {
      const now = await sessions.title();
      return now === null ? "This conversation has no title yet. `/title NAME` gives it one." : plainWords(now);
    }
    const wanted = plainTitle(args);
    if (wanted === "") return "A title needs letters or digits.";
    const given = await sessions.entitle(wanted);
    return given
      ? `This conversation is called ${plainWords(wanted)} now.`
      : "There is no conversation here yet. Write to me first.";
  },
});

const longest = 80;

/** One plain line; empty where nothing can be seen of it. */
export function plainTitle(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return /[\p{L}\p{N}]/u.test(line) ? line.slice(0, longest).toWellFormed().trim() : "";
}
