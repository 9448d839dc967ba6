import { chatKey, type Person, type Viewer } from "../src/core/chats.ts";
import type { Errand, ErrandTerms } from "../src/core/errand.ts";
import { errandPlatforms } from "../src/core/errand.ts";
import type { SandboxOwner } from "../src/core/sandbox.ts";
import { findErrand } from "../src/store/errands.ts";
import type { Db } from "../src/store/hold.ts";
import type { SessionInfo } from "../src/store/sessions.ts";

/**
 * Where a turn has its sandbox, its memory and its tools' rules: its own chat, or of an errand the chat that it belongs to. Its history is
 * always its own session's.
 */
export interface Place extends SessionInfo {
  readonly terms?: ErrandTerms;
}

const errandsLiveOn: ReadonlySet<string> = new Set(Object.values(errandPlatforms));

/** The errand whose session this is; null for a chat's. */
export async function errandIn(db: Db, { chat }: SessionInfo): Promise<Errand | null> {
  return errandsLiveOn.has(chat.platform) ? await findErrand(db, chat.chat) : null;
}

export function placeOf(info: SessionInfo, errand: Errand | null): Place {
  return errand === null ? info : { ...info, ...errand.home, terms: errand.terms };
}

/** Who reads: in a private chat its person, else whoever is in it. */
export function viewerOf({ kind, conversation }: Pick<SessionInfo, "kind" | "conversation">, person: Person): Viewer {
  return kind === "private" ? { kind: "person", person: person.id, conversation } : { kind: "shared", conversation };
}

/** Whose sandbox a session's commands run in: the person's in a private chat, else the chat's. */
export function sandboxOwnerOf(place: Pick<SessionInfo, "kind" | "conversation" | "chat">, person: Person): SandboxOwner {
  return {
    key: place.kind === "private" ? `person-${person.id}` : `chat-${place.conversation}`,
    label: chatKey(place.chat),
  };
}
