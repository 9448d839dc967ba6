import type { Language } from "../core/language.ts";
import type { SessionUsage } from "../core/sessions.ts";
import { command } from "./command.ts";

export const usage = command({
  name: "usage",
  aliases: ["context", "ctx"],
  role: "member",
  async run({ language, ports: { sessions } }) {
    const { usage: words } = language.replies;
    const used = await sessions.usage();
    if (used === null || used.calls === 0) return words.nothing;
    const { requests, calls, promptTokens, cachedTokens, completionTokens } = used;
    return [
      ...windowLine(used, words),
      words.requests(requests, calls),
      words.read(thousands(promptTokens), thousands(cachedTokens)),
      words.written(thousands(completionTokens)),
    ]
      .map((line) => `- ${line}`)
      .join("\n");
  },
});

const barCells = 10;

function windowLine({ newestPrompt, window }: SessionUsage, words: Language["replies"]["usage"]): readonly string[] {
  if (newestPrompt === null) return [];
  if (window === null) return [words.newest(thousands(newestPrompt))];
  const share = Math.min(1, newestPrompt / Math.max(1, window));
  const full = Math.round(share * barCells);
  const bar = `${"█".repeat(full)}${"░".repeat(barCells - full)}`;
  return [words.window(bar, Math.round(share * 100), thousands(newestPrompt), thousands(window))];
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString("en");
}
