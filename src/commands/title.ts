import { plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const title = command({
  name: "title",
  aliases: ["rename"],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language, ports: { sessions } }) {
    const { title: words } = language.replies;
    if (args === "") {
      const now = await sessions.title();
      return now === null ? words.none : plainWords(now);
    }
    const wanted = plainTitle(args);
    if (wanted === "") return words.wanting;
    const given = await sessions.entitle(wanted);
    return given ? words.given(plainWords(wanted)) : words.noTalk;
  },
});

const longest = 80;

/** One plain line; empty where nothing can be seen of it. */
export function plainTitle(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return /[\p{L}\p{N}]/u.test(line) ? line.slice(0, longest).toWellFormed().trim() : "";
}
