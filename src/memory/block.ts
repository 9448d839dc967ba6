import type { MemoryTarget } from "../core/tool.ts";
import { entrySeparator, measure, parseEntries } from "./rules.ts";

const titles = { memory: "MEMORY (your own notes)", user: "USER PROFILE (who you talk with)" } as const satisfies Record<MemoryTarget, string>;

const ruler = "═".repeat(12);

/** A memory file as the prompt shows it; empty when there is nothing in it. The same text always gives the same bytes. */
export function renderBlock(target: MemoryTarget, text: string, limit: number): string {
  const entries = parseEntries(text);
  if (entries.length === 0) return "";
  const body = entries.join(entrySeparator);
  return `${ruler}\n${titles[target]} [${measure(body, limit)}]\n${ruler}\n${body}`;
}
