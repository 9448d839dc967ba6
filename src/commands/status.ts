import type { ErrandLine, ErrandType } from "../core/errand.ts";
import { codeSpan, plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const status = command({
  name: "status",
  aliases: [],
  role: "member",
  async run({ ports, person, language: { replies } }) {
    const { status: words, duration, roles } = replies;
    const [now, beside] = await Promise.all([ports.status(), ports.errands.list()]);
    const { running } = now;
    const tool = running?.tool ? codeSpan(running.tool) : null;
    const doing = running ? words.working(duration(Date.now() - running.since), running.step + 1, tool) : words.idle;
    const lines = [
      words.now(doing, now.waiting),
      ...(beside.length === 0 ? [] : [words.beside(countsOf(beside))]),
      ...(now.title === null ? [] : [words.title(plainWords(now.title))]),
      words.conversation(now.messages, duration(Date.now() - now.startedAt)),
      words.model(now.model, now.server),
      words.sandbox(now.sandbox),
      words.you(person.name, roles[person.role]),
    ];
    return lines.map((line) => `- ${line}`).join("\n");
  },
});

/** How many of each type there are, those left out of which there is none. */
function countsOf(errands: readonly ErrandLine[]): readonly (readonly [ErrandType, number])[] {
  const types: readonly ErrandType[] = ["subagent", "background", "run"];
  const counts = types.map((type) => [type, errands.filter((each) => each.type === type).length] as const);
  return counts.filter(([, count]) => count > 0);
}
