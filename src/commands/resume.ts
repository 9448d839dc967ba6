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
    const found = pick(await sessions.list("", mostLooked), args);
    if (found.length > 1) return `Several are called so. \`/sessions\` lists them with numbers.`;
    const [one] = found;
    if (!one || !(await sessions.resume(one.id))) return nothing;
    return `We go on with ${plainWords(one.title ?? "the untitled conversation")}.`;
  },
});

const nothing = "There is no such conversation of yours to take up here. `/sessions` lists them.";
const mostLooked = 200;

/** By number as listed, by id, by title, or by a part of it. */
function pick(all: readonly OwnSession[], wanted: string): readonly OwnSession[] {
  const word = wanted.toLowerCase();
  if (/^\d{1,4}$/.test(word))
    return all.slice(Number(word) - 1, Number(word)).filter((_, index) => Number(word) > 0 && index === 0);
  const titled = (test: (title: string) => boolean) => all.filter(({ title }) => title !== null && test(title.toLowerCase()));
  const byId = all.filter(({ id }) => id === word);
  if (byId.length > 0) return byId;
  const exact = titled((title) => title === word);
  return exact.length > 0 ? exact.slice(0, 1) : titled((title) => title.includes(word));
}
