import type { AgentState } from "../src/core/events.ts";
import type { Outbound, StoredFailure } from "../src/core/outbound.ts";

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
  const said = body.markdown.trim();
  if (!body.ending) return said === "" ? "(There was nothing to say.)" : said;
  switch (body.ending.type) {
    case "stopped":
      return said === "" ? "⏹ Stopped." : `${closed(said)}\n\n⏹ Stopped here.`;
    case "failed":
      return said === "" ? failureWords(body.ending.failure) : `${closed(said)}\n\n${failureWords(body.ending.failure)}`;
  }
}

/** One line on what went wrong and one on the mend. */
function failureWords(failure: StoredFailure): string {
  const mend =
    failure.advice ??
    (failure.code === "internal" ? "Send /retry to ask again; the log has the details." : "Send /retry to ask again.");
  const what = failure.code === "internal" ? "Something went wrong on my side." : sentence(failure.message);
  return `⚠️ ${what} ${mend}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** Markdown that was cut off, with an open code fence closed. */
function closed(markdown: string): string {
  const fences = markdown.match(/^ {0,3}(`{3,}|~{3,})/gm) ?? [];
  return fences.length % 2 === 0 ? markdown : `${markdown}\n${(fences.at(-1) ?? "```").trim()}`;
}
