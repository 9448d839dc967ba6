import { chatKey, type Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
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
export function memoryPorts(parts: GatewayParts, inbound: InboundMessage, person: Person): MemoryPorts {
  const { db, memory: rules } = parts;
  const reader = { person, chat: inbound.chat, kind: inbound.kind };
  const ownerAt = (place: MemoryPlace) => (place === "team" ? teamMemory : ownerHere(reader));
  const find = async (place: MemoryPlace, which: string) => meantBy((await viewMemory(db, ownerAt(place), rules)).entries, which);
  return {
    show: (place) => viewMemory(db, ownerAt(place), rules),
    async forget(place, which) {
      if (place === "team" && !mayWriteTeam(person, rules))
        return "The team's memory is not yours to change. Ask an owner or admin.";
      const found = await find(place, which);
      if (typeof found === "string") return found;
      const about = { owner: ownerAt(place), author: person.id, origin: "command", turn: null, chat: null } as const;
      await keep(db, about, { action: "remove", target: found.target, oldText: found.text }, rules);
      return `Forgotten: ${quoted(found.text)}\n\n${afterForget}`;
    },
    async export(place) {
      const { texts } = await viewMemory(db, ownerAt(place), rules);
      const files = filesOf(ownerAt(place), rules).flatMap(({ target }) => {
        const text = texts[target];
        return text === undefined ? [] : [{ name: fileNames[target], bytes: new TextEncoder().encode(`${text}\n`) }];
      });
      for (const [index, file] of files.entries()) await sendFile(parts, inbound, index, file);
      return files.length === 0
        ? "There is nothing to export yet."
        : "Here is what I remember. A line with only § stands between two entries.";
    },
    undo: (place, id) => takeBackChange(parts, reader, place, id),
    async share(which, visible) {
      if (inbound.kind !== "private")
        return "Tell me that in our private chat: what others may know of you is yours alone to say.";
      const found = await find("here", which);
      if (typeof found === "string") return found;
      await showEntry(db, ownerHere(reader), found.target, found.text, visible);
      return visible
        ? `When you write to me in a shared chat, I know there from now on: ${quoted(found.text)}\n\n\`/memory hide ${found.number}\` ends that.`
        : `No longer told to shared chats: ${quoted(found.text)}\n\nOne that has begun may still know it; \`/new\` there begins one that does not.`;
    },
  };
}

const afterForget =
  "`/memory undo` brings it back. A conversation that has begun may still know it; `/new` begins one that does not.";

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
