import { plainWords } from "../core/markdown.ts";
import type { OwnSession } from "../core/sessions.ts";
import { command } from "./command.ts";

export const resume = command({
  name: "resume",
  aliases: ["continue"],
  argument: { offers: "sessions" },
  role: "member",
  whenIdle: true,
  async run({ args, ports: { sessions } }) {
    if (args === "") return "Which one? `/sessions` lists them; then `/resume NUMBER` or `/resume TITLE`.";
    // Of a button: a search finds older ones than those that are looked through here.
    if (isId.test(args)) return (await sessions.resume(args.toLowerCase())) ? "We go on with that conversation." : nothing;
    const found = pick(await sessions.list("", mostLooked), args);
    if (found.length > 1) return `Several are called so. \`/sessions\` lists them with numbers.`;
    const [one] = found;
    if (!one || !(await sessions.resume(one.id))) return nothing;
    return `We go on with ${plainWords(one.title ?? "the untitled conversation")}.`;
  },
});

const nothing = "There is no such conversation of yours to take up here. `/sessions` lists them.";
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
