import { parseChatKey } from "../../core/chats.ts";
import type { Language } from "../../core/language.ts";
import type { MemoryOwner, MemoryPlace, MemoryRules } from "../../core/memory.ts";
import { entrySeparator, MemoryFull, parseEntries, refuseExcess, takeBack } from "../../memory/entries.ts";
import { noticeOf, quoted } from "../../memory/notices.ts";
import { changeableHere, fileOf, type MemoryReader } from "../../memory/scopes.ts";
import { changesOf, lastChange, type MemoryChanged, undoChange, type Undone } from "../../store/memory-changes.ts";
import { addOutbound } from "../../store/outbox.ts";
import type { GatewayParts } from "../parts.ts";

/**
 * Takes one change back that this person may make here, or (null) their newest one; the words to say, or null where the message that told of
 * the change shows it by itself. Where several read, nothing of a person's own memory is said, nor is it taken back unless it is named.
 */
export async function takeBackChange(
  parts: GatewayParts,
  reader: MemoryReader,
  place: MemoryPlace,
  id: number | null,
  language: Language,
): Promise<string | null> {
  const { memory: words } = language.replies;
  const within = changeableHere(reader, parts.memory).filter(({ scope }) => place === "here" || scope === "team");
  const open = within.filter(({ scope }) => scope !== "person" || reader.kind === "private");
  const wanted = id ?? (await lastChange(parts.db, open, reader.person.id))?.id;
  if (wanted === undefined) return words.nothingToUndo;
  const undone = await attempt(parts, wanted, within);
  if (undone.type !== "undone") return words.notUndone[undone.type];
  const shown = await tellAgain(parts, undone.change, language);
  if (shown && id !== null) return null;
  return open.some(({ scope }) => scope === undone.change.scope)
    ? `${words.takenBack} ${nowSaid(undone.change, words)}`
    : words.takenBack;
}

async function attempt(
  parts: GatewayParts,
  id: number,
  within: readonly MemoryOwner[],
): Promise<Undone | { readonly type: "full" }> {
  try {
    return await undoChange(parts.db, id, within, (text, change) => before(text, change, parts.memory));
  } catch (error) {
    if (error instanceof MemoryFull) return { type: "full" };
    throw error;
  }
}

/** The file as it was; null where the entry has been written over. Throws a `MemoryFull` where it does not fit any more. */
function before(text: string, change: MemoryChanged, rules: MemoryRules): string | null {
  const entries = parseEntries(text);
  const was = takeBack(entries, change);
  if (was === null) return null;
  const next = was.join(entrySeparator);
  refuseExcess(next, text, entries, fileOf({ scope: change.scope, owner: "" }, change.target, rules));
  return next;
}

/** Has the message that told of the change tell that it is undone; false where there is none. */
async function tellAgain(parts: GatewayParts, change: MemoryChanged, language: Language): Promise<boolean> {
  const { notice, chat } = change;
  if (notice === null || notice === "" || chat === null) return false;
  const notices = parts.memory.notices === "verbose" ? "verbose" : "on";
  const body = noticeOf(await changesOf(parts.db, notice), { notices }, language);
  if (body === null) return false;
  const key = `${notice}:undone:${change.id}`;
  await addOutbound(parts.db, { key, chat: parseChatKey(chat), turn: null, body: { ...body, edits: notice } });
  await parts.queues
    .queue(parts.names.deliveries(parseChatKey(chat).platform))
    .wake(chat)
    .catch((error: unknown) => parts.log.warn({ error }, "the delivery queue can't be reached; the sweeper will send this"));
  return true;
}

function nowSaid({ before: was, after }: MemoryChanged, words: Language["replies"]["memory"]): string {
  return was === null ? words.noMore(quoted(after ?? "")) : words.again(quoted(was));
}
