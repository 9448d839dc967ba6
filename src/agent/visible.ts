import type { ChatKind } from "../core/chats.ts";
import type { InboundMessage } from "../core/inbound.ts";
import { parseEntries, whyBlocked } from "../memory/entries.ts";
import type { Db } from "../store/hold.ts";
import { hasSaid } from "../store/journal.ts";
import { visibleEntries } from "../store/memories.ts";

/** More than this would drown the message. */
const noteChars = 600;
const noteHead = "\n\n[Known of the writer, as they wish: ";
const notes = /\n\n\[Known of the writer, as they wish: [^[\]]*\]?/g;

/**
 * A message to a shared chat with what its writer lets such chats know of them: once a session, and again when it has changed. Nothing
 * else of a person's own memory ever comes here.
 */
export async function withVisible(
  db: Db,
  inbound: InboundMessage,
  place: { readonly kind: ChatKind; readonly session: string },
  person: string,
): Promise<InboundMessage> {
  if (place.kind === "private" || inbound.errand !== undefined) return inbound;
  const files = await visibleEntries(db, person);
  const entries = files
    .flatMap(({ text, visible }) => parseEntries(text).filter((entry) => visible.includes(entry)))
    .filter((entry) => whyBlocked(entry) === null);
  if (entries.length === 0) return inbound;
  const known = entries.join(" / ").replaceAll(/[\s[\]]+/g, " ");
  const note = `${noteHead}${known.length > noteChars ? `${known.slice(0, noteChars).toWellFormed()} …` : known}]`;
  return (await hasSaid(db, place.session, person, note)) ? inbound : { ...inbound, text: `${inbound.text}${note}` };
}

/** What was said without such notes: what a person may hide again is not to become anybody's memory. */
export function withoutVisible(text: string): string {
  return text.replaceAll(notes, "");
}
