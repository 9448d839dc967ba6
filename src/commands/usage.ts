import type { SessionUsage } from "../core/sessions.ts";
import { command } from "./command.ts";

export const usage = command({
  name: "usage",
  aliases: ["context", "ctx"],
  role: "member",
  async run({ ports: { sessions } }) {
    const used = await sessions.usage();
    if (used === null || used.calls === 0) return "This conversation has used nothing yet.";
    const { requests, calls, promptTokens, cachedTokens, completionTokens } = used;
    return [
      ...windowLine(used),
      `- Requests: ${requests}, model calls: ${calls}`,
      `- Tokens read: ${thousands(promptTokens)}, of them ${thousands(cachedTokens)} from the server's cache`,
      `- Tokens written: ${thousands(completionTokens)}`,
    ].join("\n");
  },
});

const barCells = 10;

function windowLine({ newestPrompt, window }: SessionUsage): readonly string[] {
  if (newestPrompt === null) return [];
  if (window === null) return [`- Newest prompt: ${thousands(newestPrompt)} tokens`];
  const share = Math.min(1, newestPrompt / Math.max(1, window));
  const full = Math.round(share * barCells);
  const bar = `${"█".repeat(full)}${"░".repeat(barCells - full)}`;
  return [`- Window: ${bar} ${Math.round(share * 100)} % (${thousands(newestPrompt)} of ${thousands(window)} tokens)`];
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString("en");
}
