import type { ErrandLine } from "../core/errand.ts";
import { plainWords } from "../core/markdown.ts";
import { command } from "./command.ts";

export const status = command({
  name: "status",
  aliases: [],
  role: "member",
  async run({ ports, person }) {
    const [now, beside] = await Promise.all([ports.status(), ports.errands.list()]);
    const running = now.running
      ? `working for ${duration(Date.now() - now.running.since)}, step ${now.running.step + 1}${now.running.tool ? `, in \`${now.running.tool}\`` : ""}`
      : "idle";
    const lines = [
      `- Now: ${running}${now.waiting > 0 ? `; ${now.waiting} waiting` : ""}`,
      ...(beside.length === 0 ? [] : [`- Beside that: ${countsOf(beside)} (/agents)`]),
      ...(now.title === null ? [] : [`- Title: ${plainWords(now.title)}`]),
      `- Conversation: ${now.messages} entries, began ${duration(Date.now() - now.startedAt)} ago`,
      `- Model: ${now.model} at ${now.server}`,
      `- Sandbox: ${now.sandbox}`,
      `- You: ${person.name}, ${person.role}`,
    ];
    return lines.join("\n");
  },
});

/** E.g. `3 subagents, 1 background task`. */
function countsOf(errands: readonly ErrandLine[]): string {
  const words = { subagent: "subagent", background: "background task", run: "scheduled run" };
  const counts = Object.entries(words).map(([type, word]) => ({
    word,
    count: errands.filter((each) => each.type === type).length,
  }));
  return counts.flatMap(({ word, count }) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`])).join(", ");
}

/** A length of time in its largest fitting units: `12 s`, `3 min`, `2 h 5 min`, `3 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
