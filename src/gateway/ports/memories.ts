import { chatKey, type Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { Language } from "../../core/language.ts";
import { type MemoryPlace, type MemoryPorts, teamMemory } from "../../core/memory.ts";
import { fileNames } from "../../memory/entries.ts";
import { keep } from "../../memory/keeping.ts";
import { quoted } from "../../memory/notices.ts";
import { filesOf, mayWriteTeam, ownerHere } from "../../memory/scopes.ts";
import { meantBy, viewMemory } from "../../memory/viewing.ts";
import { putSentFile } from "../../store/files.ts";
import { showEntry } from "../../store/memories.ts";
import { addOutbound } from "../../store/outbox.ts";
import type { GatewayParts } from "../parts.ts";
import { takeBackChange } from "./memory-undo.ts";

/** What `/memory` may do for this person, here. */
export function memoryPorts(parts: GatewayParts, inbound: InboundMessage, person: Person, language: Language): MemoryPorts {
  const { memory: words } = language.replies;
  const { db, memory: rules } = parts;
  const reader = { person, chat: inbound.chat, kind: inbound.kind };
  const ownerAt = (place: MemoryPlace) => (place === "team" ? teamMemory : ownerHere(reader));
  const find = async (place: MemoryPlace, which: string) =>
    meantBy((await viewMemory(db, ownerAt(place), rules)).entries, which, language);
  return {
    show: (place) => viewMemory(db, ownerAt(place), rules),
    async forget(place, which) {
      if (place === "team" && !mayWriteTeam(person, rules)) return words.notYours;
      const found = await find(place, which);
      if (typeof found === "string") return found;
      const about = { owner: ownerAt(place), author: person.id, origin: "command", turn: null, chat: null } as const;
      await keep(db, about, { action: "remove", target: found.target, oldText: found.text }, rules);
      return words.forgotten(quoted(found.text));
    },
    async export(place) {
      const { texts } = await viewMemory(db, ownerAt(place), rules);
      const files = filesOf(ownerAt(place), rules).flatMap(({ target }) => {
        const text = texts[target];
        return text === undefined ? [] : [{ name: fileNames[target], bytes: new TextEncoder().encode(`${text}\n`) }];
      });
      for (const [index, file] of files.entries()) await sendFile(parts, inbound, index, file);
      return files.length === 0 ? words.nothingToExport : words.exported;
    },
    undo: (place, id) => takeBackChange(parts, reader, place, id, language),
    async share(which, visible) {
      if (inbound.kind !== "private") return words.inPrivate;
      const found = await find("here", which);
      if (typeof found === "string") return found;
      await showEntry(db, ownerHere(reader), found.target, found.text, visible);
      return visible ? words.shown(quoted(found.text), found.number) : words.hidden(quoted(found.text));
    },
  };
}

/** Before the words that tell of it: the outbox of a chat is sent in order. */
async function sendFile(
  parts: GatewayParts,
  { key, chat }: InboundMessage,
  index: number,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
): Promise<void> {
  const outboxKey = `${key}:memory:${index}`;
  await putSentFile(parts.db, outboxKey, bytes);
  const file = { kind: "document", name, size: bytes.length, path: name } as const;
  await addOutbound(parts.db, { key: outboxKey, chat, turn: null, body: { markdown: "", replyTo: null, file } });
  await parts.queues
    .queue(parts.names.deliveries(chat.platform))
    .wake(chatKey(chat))
    .catch((error: unknown) => parts.log.warn({ error }, "the delivery queue can't be reached; the sweeper will send this"));
}
