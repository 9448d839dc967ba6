import { chatKey, type ChatRef, parseChatKey, type Person } from "../core/chats.ts";
import type { Inbound } from "../core/inbound.ts";
import { plainWords } from "../core/markdown.ts";
import type { OutboundButton } from "../core/outbound.ts";
import { codeIn } from "../people/invitations.ts";
import { approvePairing, requestPairing } from "../people/pairing.ts";
import type { Db } from "../store/hold.ts";
import { openInvitations, spoilInvitation, takeInvitation } from "../store/invitations.ts";
import { admit, ownersBeyond, privateChatsOf, type Pairing } from "../store/people.ts";

/**
 * Who may speak: `open` lets everybody in, `pairing` gives strangers a code, `allowed` (as `platform:account`) need none. `localPlatforms`
 * prove their people themselves (the page's token).
 */
export interface AccessRules {
  readonly open: boolean;
  readonly pairing: boolean;
  readonly localPlatforms: readonly string[];
  readonly allowed: ReadonlySet<string>;
}

/** Something to tell a chat as a result of an access decision. */
export interface Notice {
  readonly chat: ChatRef;
  readonly markdown: string;
  readonly buttons?: readonly OutboundButton[];
  /** A PNG below it. */
  readonly picture?: Uint8Array | null;
}

export type Decision =
  | { readonly type: "in"; readonly person: Person }
  | { readonly type: "out"; readonly notices: readonly Notice[] };

/** Decides about an event whose account may be unknown. Strangers in private chats get a code; owners are asked with a button. */
export async function decideAccess(db: Db, rules: AccessRules, inbound: Inbound, known: Person | null): Promise<Decision> {
  // What was not said to us gets no answer.
  const aside = inbound.type === "change" || (inbound.type === "message" && !inbound.addressed);
  const shown = await invitation(db, rules, inbound);
  if (shown !== null) return { type: "out", notices: shown };
  if (known?.role === "guest") return { type: "out", notices: aside ? [] : [{ chat: inbound.chat, markdown: guestWords }] };
  if (known) return { type: "in", person: known };
  // A stranger's change can only be of what we have not taken.
  if (inbound.type === "change") return { type: "out", notices: [] };
  if (rules.localPlatforms.includes(inbound.chat.platform))
    return { type: "in", person: await admit(db, inbound.sender, "owner") };
  if (rules.open || rules.allowed.has(`${inbound.sender.platform}:${inbound.sender.id}`))
    return { type: "in", person: await admit(db, inbound.sender, "member") };
  if (inbound.type !== "message" || !inbound.addressed) return { type: "out", notices: [] };
  if (inbound.kind === "shared") return { type: "out", notices: [{ chat: inbound.chat, markdown: sharedWords }] };
  if (!rules.pairing) return { type: "out", notices: [{ chat: inbound.chat, markdown: closedWords }] };
  return { type: "out", notices: await pair(db, inbound) };
}

/** Lets a code's owner in on a person's word; what to tell whom. Only owners and admins may. */
export async function approve(db: Db, by: Person, code: string, from: ChatRef): Promise<readonly Notice[]> {
  if (by.role !== "owner" && by.role !== "admin")
    return [{ chat: from, markdown: "Only an owner or an admin can let people in." }];
  const approved = await approvePairing(db, code, "member");
  if (!approved) return [{ chat: from, markdown: "That code is used or has expired. They can write again to get a new one." }];
  return [{ chat: from, markdown: `${plainWords(approved.person.name)} is in.` }, welcome(approved.pairing)];
}

/** What somebody is told who has just been let in. */
export function welcome(pairing: Pairing): Notice {
  return {
    chat: parseChatKey(pairing.chatKey),
    markdown: "You're in. Just write what you need; /help shows what else I understand.",
  };
}

/**
 * Whether no owner can be reached in a chat yet (the local page does not count): then whoever is let in at the command line, which
 * only the machine's owner can use, becomes the owner.
 */
export async function noOwnerYet(db: Db, localPlatforms: readonly string[]): Promise<boolean> {
  return (await ownersBeyond(db, localPlatforms)).length === 0;
}

/** What is said to an invitation's code; null for any other message, and where the code is no good. */
async function invitation(db: Db, { localPlatforms }: AccessRules, inbound: Inbound): Promise<readonly Notice[] | null> {
  const code = inbound.type === "message" ? codeIn(inbound.text) : null;
  if (code === null) return null;
  const { chat, sender } = inbound;
  // Any reader could be the first to show it.
  if (inbound.kind === "shared")
    return (await spoilInvitation(db, code, `seen in ${chatKey(chat)}`)) ? [{ chat, markdown: seenWords }] : null;
  // Here it would be used up, and the bot still have no owner where it is to be reached.
  if (localPlatforms.includes(chat.platform)) {
    const open = await openInvitations(db);
    return open.some((each) => each.code === code) ? [{ chat, markdown: elsewhereWords }] : null;
  }
  const invited = await takeInvitation(db, code, sender, localPlatforms);
  if (invited === null) return null;
  if (invited.type === "late") return [{ chat, markdown: lateWords }];
  const { person } = invited;
  const others = person.role === "owner" ? await privateChatsOf(db, "owner", person.id) : [];
  const markdown = `${accountWords(inbound)} owns this bot, too, by an invitation.`;
  return [{ chat, markdown: invitedWords(person) }, ...others.map((other) => ({ chat: other, markdown }))];
}

async function pair(db: Db, inbound: Inbound): Promise<readonly Notice[]> {
  const asked = await requestPairing(db, inbound.sender, inbound.chat);
  if (asked.type === "full") return [{ chat: inbound.chat, markdown: fullWords }];
  const told = { chat: inbound.chat, markdown: codeWords(asked.code) };
  if (asked.type === "known") return [told];
  const owners = await privateChatsOf(db, "admin");
  const buttons = [
    { label: "Let in", data: `pair:yes:${asked.code}` },
    { label: "Ignore", data: `pair:no:${asked.code}` },
  ];
  const who = accountWords(inbound);
  return [
    told,
    ...owners.map((chat) => ({ chat, markdown: `${who} would like to talk to me. Code: \`${asked.code}\``, buttons })),
  ];
}

function accountWords({ sender }: Inbound): string {
  return `${plainWords(sender.name)} (${sender.platform} account ${plainWords(sender.id)})`;
}

const guestWords = "You are known here, but not let in. Ask an owner of this bot.";
const sharedWords = "I don't know you yet. Write to me in a private chat first, and an owner can let you in.";
const closedWords = "This bot is closed to new people. Ask its owner to add you.";
const fullWords = "Too many people are waiting to be let in right now. Please try again in an hour.";
const seenWords = "Everybody here has seen that code: it is no good any more. `hermes setup owner` makes another.";
const elsewhereWords =
  "That code makes an owner where the bot is reached from elsewhere: send it to the bot in Telegram, Discord or Slack.";
const lateWords = "That code was for the bot's first owner, and it has one by now. `hermes setup owner` makes another.";

function invitedWords({ name, role }: Person): string {
  const what = role === "owner" ? "you own this bot now" : `you are in, as ${role}`;
  return `Hello ${plainWords(name)}, ${what}. Just write what you need; /help shows what else I understand.`;
}

function codeWords(code: string): string {
  return `I don't know you yet. Your pairing code is \`${code}\`.\n\nThe owner lets you in with the button I sent them, or with \`hermes pairing approve ${code}\`. The code is good for an hour.`;
}
