import type { MemoryScope, MemoryTarget } from "../core/memory.ts";
import { plainTokens, roughTokens } from "../core/tokens.ts";
import { entrySeparator, measure, type MemoryFile, parseEntries, whyBlocked } from "./entries.ts";

const ruler = "═".repeat(12);

const titles: Readonly<Record<MemoryScope, Readonly<Record<MemoryTarget, string>>>> = {
  person: { memory: "MEMORY (your own notes)", user: "USER PROFILE (who you talk with)" },
  team: { memory: "TEAM MEMORY (for everybody)", user: "TEAM PROFILE" },
  chat: { memory: "MEMORY (this chat's notes)", user: "CHAT PROFILE" },
};

/**
 * A memory file as the prompt shows it; empty when there is nothing in it. The same text always gives the same bytes. A file's limit is of
 * characters, and some scripts have many more tokens in as many: of what takes more than a full file of plain text, the newest is shown.
 */
export function renderBlock({ scope, target, limit }: MemoryFile, text: string): string {
  const entries = parseEntries(text);
  if (entries.length === 0) return "";
  const header = `${ruler}\n${titles[scope][target]} [${measure(entries.join(entrySeparator), limit)}]\n${ruler}`;
  return `${header}\n${fitting(entries.map(shown), plainTokens(limit)).join(entrySeparator)}`;
}

/** As many of the last entries as there is room for, at least a part of the last one, and how many there are before. */
function fitting(entries: readonly string[], room: number): readonly string[] {
  const least = plainTokens(entrySeparator.length);
  let left = room + least;
  let first = entries.length;
  for (; first > 0; first -= 1) {
    left -= roughTokens(entries[first - 1] ?? "") + least;
    // Figures that were rounded on their way are no reason to leave one out.
    if (left < -1) break;
  }
  if (first === 0) return entries;
  const last = first === entries.length ? [beginning(entries.at(-1) ?? "", room)] : entries.slice(first);
  const older = entries.length - last.length;
  return older === 0 ? last : [`[${older} older, for which there is no room here: /memory shows them]`, ...last];
}

function beginning(entry: string, room: number): string {
  const signs = [...entry];
  let left = room;
  const end = signs.findIndex((sign) => (left -= roughTokens(sign)) < 0);
  return `${signs.slice(0, Math.max(1, end)).join("")}…`;
}

/** What came into a memory past our checks, or before we knew better, is not read to the model. */
function shown(entry: string): string {
  const why = whyBlocked(entry);
  // Its own words must not come in with the reason.
  return why === null ? entry : `[blocked: ${why.replace(/ \(“.*$/s, "")}; its owner sees it with /memory]`;
}
