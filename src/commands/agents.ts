import type { ErrandLine } from "../core/errand.ts";
import type { Language } from "../core/language.ts";
import { codeSpan, plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const agents = command({
  name: "agents",
  aliases: ["tasks"],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language, ports: { errands } }) {
    const { agents: words } = language.replies;
    const [word = "", which = ""] = args.toLowerCase().split(/\s+/);
    if (word === "stop" && which === "all") return stopped(await errands.stop(null), words.noneToStop, language);
    const number = /^#?(\d{1,3})$/.exec(word === "stop" ? which : "")?.[1];
    if (number !== undefined) return stopped(await errands.stop(Number(number)), words.noNumber(number), language);
    if (args !== "") return words.usage;
    const open = await errands.list();
    if (open.length === 0) return words.none;
    return [...open.map((each) => lineOf(each, language)), "", words.usage].join("\n");
  },
});

function lineOf({ number, name, about, by, state, since, step, mostSteps, tool }: ErrandLine, { replies }: Language): string {
  const words = replies.agents;
  const at = {
    waiting: words.waiting,
    asking: words.asking,
    working: words.working(step + 1, mostSteps, tool === null ? null : codeSpan(tool)),
  }[state];
  const time = replies.duration(Date.now() - since);
  return `- **${number}** ${words.line(plainWords(name), plainWords(by), plainWords(about), at, time)}`;
}

function stopped(lines: readonly ErrandLine[], none: string, { replies }: Language): string {
  if (lines.length === 0) return none;
  return replies.agents.stopping(lines.map(({ number, about }) => `${number} (${plainWords(about)})`));
}
