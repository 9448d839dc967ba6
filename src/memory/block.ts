import type { MemoryScope, MemoryTarget } from "../core/memory.ts";
import { entrySeparator, measure, type MemoryFile, parseEntries, whyBlocked } from "./entries.ts";

const ruler = "═".repeat(12);

const titles: Readonly<Record<MemoryScope, Readonly<Record<MemoryTarget, string>>>> = {
  person: { memory: "MEMORY (your own notes)", user: "USER PROFILE (who you talk with)" },
  team: { memory: "TEAM MEMORY (for everybody)", user: "TEAM PROFILE" },
  chat: { memory: "MEMORY (this chat's notes)", user: "CHAT PROFILE" },
};

/** A memory file as the prompt shows it; empty when there is nothing in it. The same text always gives the same bytes. */
export function renderBlock({ scope, target, limit }: MemoryFile, text: string): string {
  const entries = parseEntries(text);
  if (entries.length === 0) return "";
  const header = `${ruler}\n${titles[scope][target]} [${measure(entries.join(entrySeparator), limit)}]\n${ruler}`;
  return `${header}\n${entries.map(shown).join(entrySeparator)}`;
}

/** What came into a memory past our checks, or before we knew better, is not read to the model. */
function shown(entry: string): string {
  const why = whyBlocked(entry);
  // Its own words must not come in with the reason.
  return why === null ? entry : `[blocked: ${why.replace(/ \(“.*$/s, "")}; its owner sees it with /memory]`;
}
