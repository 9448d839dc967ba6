import { languageOf, languages } from "../src/commands/languages/index.ts";
import type { AgentState } from "../src/core/events.ts";
import type { Outbound } from "../src/core/outbound.ts";

/** A subagent's state at the beginning of its line. */
export const agentSigns: Readonly<Record<AgentState, string>> = {
  waiting: "⏳",
  working: "🤖",
  asking: "✋",
  answered: "✓",
  failed: "✗",
  stopped: "⏹",
};

/** What an outbox entry says, as Markdown: the one place where a failure becomes words for a person. */
export function wording(body: Outbound): string {
  const { endings } = languageOf(body.language) ?? languages[0];
  const said = body.markdown.trim();
  if (!body.ending) return said === "" ? endings.nothing : said;
  switch (body.ending.type) {
    case "stopped":
      return said === "" ? endings.stopped : `${closed(said)}\n\n${endings.stoppedHere}`;
    case "failed": {
      const failed = endings.failed(body.ending.failure);
      return said === "" ? failed : `${closed(said)}\n\n${failed}`;
    }
  }
}

/** Markdown that was cut off, with an open code fence closed. */
function closed(markdown: string): string {
  const fences = markdown.match(/^ {0,3}(`{3,}|~{3,})/gm) ?? [];
  return fences.length % 2 === 0 ? markdown : `${markdown}\n${(fences.at(-1) ?? "```").trim()}`;
}
