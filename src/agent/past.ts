import type { Viewer } from "../core/chats.ts";
import { excerpt, shortened } from "../core/excerpt.ts";
import { redact } from "../core/redact.ts";
import type { PastPorts } from "../core/tool.ts";
import type { Db } from "../store/hold.ts";
import { latestResult } from "../store/journal.ts";
import { type PastLine, pastLines, pastSessions, searchPast } from "../store/search.ts";
import type { Digest } from "./digest.ts";

/** The original's: lines before and after the one that was found. */
const window = 5;
/** Longest a found line is shown, in characters. */
const foundChars = 400;
/** The same where a conversation is read. */
const readChars = 1_500;

/** Past conversations as this viewer may see them, as text for the model. `session` is the one that asks. */
export function pastPorts(db: Db, viewer: Viewer, session: string, digest: Digest | null = null): PastPorts {
  return {
    async search({ query, limit, newestFirst, by = null, whole = false }) {
      if (query.trim() === "") return await latest(db, viewer, session, limit);
      const words = query.replaceAll("\0", " ");
      const found = await searchPast(db, viewer, { query: words, limit, newestFirst, by, except: session });
      if (found.length === 0)
        return "Nothing of that in past conversations. Try fewer or other words; several with `or` between.";
      const summary = (await digest?.(query, () => surroundings(db, viewer, found))) ?? null;
      if (summary !== null) return `${redact(summary)}\n\n${found.map((line) => `${headOf(line)}, at #${line.id}`).join("\n")}`;
      const part = (text: string) => (whole ? shortened(text, readChars) : excerpt(text, query, foundChars));
      return found.map((line) => `${headOf(line)}\n${shown(line, part(line.text))}`).join("\n\n");
    },
    async read(id, around, wide = window) {
      const lines = await pastLines(db, viewer, id.replaceAll("\0", ""), around, wide);
      const [first] = lines;
      if (first === undefined) throw new Error(`There is no session ${id.slice(0, 60)} that may be read here. Search first.`);
      const rest = `[${lines.length} lines; others with around_message_id ${first.id} or ${lines.at(-1)?.id ?? 0}]`;
      return [headOf(first), ...lines.map((line) => shown(line, shortened(line.text, readChars))), rest].join("\n");
    },
    latestResult: (tool, beginning) => latestResult(db, viewer, session, tool, beginning),
  };
}

/** What was said around each line that was found. */
async function surroundings(db: Db, viewer: Viewer, found: readonly PastLine[]): Promise<string> {
  const parts = found.map(async (line) => {
    const lines = await pastLines(db, viewer, line.session, line.id, window);
    return [headOf(line), ...lines.map((each) => shown(each, shortened(each.text, readChars)))].join("\n");
  });
  return (await Promise.all(parts)).join("\n\n");
}

async function latest(db: Db, viewer: Viewer, session: string, limit: number): Promise<string> {
  const sessions = await pastSessions(db, viewer, session, limit);
  if (sessions.length === 0) return "There is no past conversation yet.";
  return sessions
    .map(({ session: id, title, at, lines }) => `session ${id}: ${title ?? "untitled"}, ${day(at)}, ${lines} lines`)
    .join("\n");
}

function headOf({ session, title, at }: PastLine): string {
  return `session ${session}: ${title ?? "untitled"}, ${day(at)}`;
}

function shown({ id, by }: PastLine, text: string): string {
  return `#${id} ${by === "person" ? "person" : "you"}: ${redact(text)}`;
}

function day(at: Date): string {
  return at.toISOString().slice(0, 16).replace("T", " ");
}
