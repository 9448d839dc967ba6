import type { ErrandLine } from "../core/errand.ts";
import { codeSpan, plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";
import { duration } from "./status.ts";

export const agents = command({
  name: "agents",
  aliases: ["tasks"],
  argument: {},
  role: "member",
  async run({ args, ports: { errands } }) {
    const [word = "", which = ""] = args.toLowerCase().split(/\s+/);
    if (word === "stop" && which === "all") return stopped(await errands.stop(null), "Nothing runs beside this conversation.");
    const number = /^#?(\d{1,3})$/.exec(word === "stop" ? which : "")?.[1];
    if (number !== undefined)
      return stopped(await errands.stop(Number(number)), `There is no number ${number}. /agents lists them.`);
    if (args !== "") return usage;
    const open = await errands.list();
    if (open.length === 0) return "Nothing runs beside this conversation. `/background WHAT TO DO` begins a task.";
    return [...open.map(lineOf), "", usage].join("\n");
  },
});

const usage = "`/agents stop NUMBER` stops one, `/agents stop all` all of them.";

function lineOf({ number, name, about, by, state, since, step, mostSteps, tool }: ErrandLine): string {
  const at = {
    waiting: "waits for its turn",
    asking: "waits for an answer",
    working: `step ${step + 1}${mostSteps === null ? "" : ` of ${mostSteps}`}${tool === null ? "" : `, in ${codeSpan(tool)}`}`,
  }[state];
  return `- **${number}** ${plainWords(name)}, for ${plainWords(by)}: ${plainWords(about)} (${at}, ${duration(Date.now() - since)})`;
}

function stopped(lines: readonly ErrandLine[], none: string): string {
  if (lines.length === 0) return none;
  return `I stop ${lines.map(({ number, about }) => `${number} (${plainWords(about)})`).join(", ")}.`;
}
