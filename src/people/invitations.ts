import type { Role } from "../core/chats.ts";
import type { Db } from "../store/hold.ts";
import { keepInvitation } from "../store/invitations.ts";
import { alphabet, newCode } from "./pairing.ts";

/** As long as a pairing code. */
const lifeMs = 3_600_000;
const codeLength = 12;
const shown = new RegExp(`^\\s*(?:/start(?:@\\w+)?\\s+)?([${alphabet}]{${codeLength}})\\s*$`, "i");

/**
 * Makes a code with which whoever shows it first in a private chat is let in. It replaces an earlier one of the same role. One for the
 * `first` owner is no good any more once there is one.
 */
export async function invite(db: Db, role: Role, first = false): Promise<string> {
  const code = newCode(codeLength);
  await keepInvitation(db, { code, role, first }, lifeMs);
  return code;
}

/** The code that a message consists of, by itself or as Telegram's links bring it; null for any other message. */
export function codeIn(text: string): string | null {
  return shown.exec(text)?.[1]?.toUpperCase() ?? null;
}
