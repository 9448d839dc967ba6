import { randomInt } from "node:crypto";
import { type Account, type ChatRef, chatKey, type Person, type Role } from "../core/chats.ts";
import type { Db } from "../store/hold.ts";
import { admit, openPairing, type Pairing, pendingPairing, takePairing, toldLanguage } from "../store/people.ts";
import { choosePersonSetting } from "../store/person-settings.ts";

/** Letters and digits that nobody mistakes for one another: no 0, O, 1, I. */
export const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const codeLength = 8;
/** A code is good for an hour, and a platform has at most this many open: enough for a team, too few to guess at. */
const lifeMs = 3_600_000;
const mostOpen = 20;

/** What came of a stranger's message. `known`: they already have this code, so they need not be told again each time. */
export type PairingRequest =
  | { readonly type: "new"; readonly code: string }
  | { readonly type: "known"; readonly code: string }
  | { readonly type: "full" };

/** Gives an unknown account its pairing code. */
export async function requestPairing(db: Db, account: Account, chat: ChatRef): Promise<PairingRequest> {
  const known = await pendingPairing(db, account);
  if (known) return { type: "known", code: known.code };
  const code = newCode(codeLength);
  if (await openPairing(db, { code, account, chatKey: chatKey(chat) }, lifeMs, mostOpen)) return { type: "new", code };
  // Another message of the same person may have been quicker.
  const other = await pendingPairing(db, account);
  return other ? { type: "known", code: other.code } : { type: "full" };
}

/** Lets the holder of a code in, with a role; null when the code is unknown, used or expired. */
export async function approvePairing(db: Db, code: string, role: Role): Promise<{ person: Person; pairing: Pairing } | null> {
  const pairing = await takePairing(db, code.trim().toUpperCase());
  if (!pairing) return null;
  const person = await admit(db, pairing.account, role);
  const language = await toldLanguage(db, pairing);
  if (language !== null) await choosePersonSetting(db, person.id, "client_language", language);
  return { person, pairing };
}

/** A code that can't be guessed. */
export function newCode(length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}
