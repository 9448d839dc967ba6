import { plainWords } from "../core/markdown.ts";
import type { OwnSession } from "../core/sessions.ts";
import { command } from "./command.ts";

export const resume = command({
  name: "resume",
  aliases: ["continue"],
  argument: { offers: "sessions" },
  role: "member",
  whole: true,
  whenIdle: true,
  async run({ args, language, ports: { sessions } }) {
    const { resume: words } = language.replies;
    if (args === "") return words.which;
    // Of a button: a search finds older ones than those that are looked through here.
    if (isId.test(args)) return (await sessions.resume(args.toLowerCase())) ? words.goesOn : words.nothing;
    const found = pick(await sessions.list("", mostLooked), args);
    if (found.length > 1) return words.several;
    const [one] = found;
    if (!one || !(await sessions.resume(one.id))) return words.nothing;
    return words.goesOnWith(one.title === null ? null : plainWords(one.title));
  },
});

const mostLooked = 200;
const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By number as listed, by title, or by a part of it. */
function pick(all: readonly OwnSession[], wanted: string): readonly OwnSession[] {
  const word = wanted.toLowerCase();
  const numbered = /^[1-9]\d{0,3}$/.test(word) ? all[Number(word) - 1] : undefined;
  if (numbered) return [numbered];
  const titled = (test: (title: string) => boolean) => all.filter(({ title }) => title !== null && test(title.toLowerCase()));
  const exact = titled((title) => title === word);
  return exact.length > 0 ? exact.slice(0, 1) : titled((title) => title.includes(word));
}
