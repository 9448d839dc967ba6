import { type Account, isAtLeast, type Person, type Role } from "../core/chats.ts";
import type { Db } from "../store/hold.ts";
import { keepInvitation, promote, takeInvitation } from "../store/invitations.ts";
import { admit } from "../store/people.ts";
import { alphabet, newCode } from "./pairing.ts";

/** As long as a pairing code. */
const lifeMs = 3_600_000;
const codeLength = 12;
const shown = new RegExp(`^\\s*(?:/start(?:@\\w+)?\\s+)?([${alphabet}]{${codeLength}})\\s*$`, "i");

/** Makes a code with which whoever shows it first in a private chat is let in. It replaces an earlier one of the same role. */
export async function invite(db: Db, role: Role): Promise<string> {
  const code = newCode(codeLength);
  await keepInvitation(db, code, role, lifeMs);
  return code;
}

/** The code that a message consists of, by itself or as Telegram's links bring it; null for any other message. */
export function codeIn(text: string): string | null {
  return shown.exec(text)?.[1]?.toUpperCase() ?? null;
}

/** Lets in whoever shows a good code, or raises somebody who is in already; null when the code is no good, or would give them nothing. */
export async function redeem(db: Db, code: string, account: Account, known: Person | null): Promise<Person | null> {
  if (known?.role === "owner") return null;
  const role = await takeInvitation(db, code);
  if (role === null) return null;
  const person = await admit(db, account, role);
  if (isAtLeast(person.role, role)) return person;
  await promote(db, person.id, role);
  return { ...person, role };
}
