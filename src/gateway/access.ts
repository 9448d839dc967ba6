import { inTheirLanguage, languageOfPerson, usualLanguage } from "../commands/languages/chosen.ts";
import { languageOf } from "../commands/languages/index.ts";
import { chatKey, type ChatRef, parseChatKey, type Person } from "../core/chats.ts";
import type { Inbound } from "../core/inbound.ts";
import type { Language } from "../core/language.ts";
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
  /** The language of those whose client tells none. */
  readonly language?: string;
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
  const own = async () =>
    known === null
      ? strangersLanguage(rules, inbound)
      : await languageOfPerson(db, known.id, rules.language, inbound.sender.language);
  // What was not said to us gets no answer.
  const aside = inbound.type === "change" || (inbound.type === "message" && !inbound.addressed);
  const shown = await invitation(db, rules, inbound, own);
  if (shown !== null) return { type: "out", notices: shown };
  if (known?.role === "guest")
    return { type: "out", notices: aside ? [] : [{ chat: inbound.chat, markdown: (await own()).access.guest }] };
  if (known) return { type: "in", person: known };
  // A stranger's change can only be of what we have not taken.
  if (inbound.type === "change") return { type: "out", notices: [] };
  if (rules.localPlatforms.includes(inbound.chat.platform))
    return { type: "in", person: await admit(db, inbound.sender, "owner") };
  if (rules.open || rules.allowed.has(`${inbound.sender.platform}:${inbound.sender.id}`))
    return { type: "in", person: await admit(db, inbound.sender, "member") };
  if (inbound.type !== "message" || !inbound.addressed) return { type: "out", notices: [] };
  const { access: words } = strangersLanguage(rules, inbound);
  if (inbound.kind === "shared") return { type: "out", notices: [{ chat: inbound.chat, markdown: words.shared }] };
  if (!rules.pairing) return { type: "out", notices: [{ chat: inbound.chat, markdown: words.closed }] };
  return { type: "out", notices: await pair(db, rules, inbound, words) };
}

/** Lets a code's owner in on a person's word; what to tell whom. Only owners and admins may. */
export async function approve(
  db: Db,
  by: Person,
  code: string,
  from: ChatRef,
  { own, usual }: { readonly own: Language; readonly usual: string },
): Promise<readonly Notice[]> {
  if (by.role !== "owner" && by.role !== "admin") return [{ chat: from, markdown: own.access.notYours }];
  const approved = await approvePairing(db, code, "member");
  if (!approved) return [{ chat: from, markdown: own.access.codeGone }];
  const newcomers = await languageOfPerson(db, approved.person.id, usual);
  return [{ chat: from, markdown: own.access.isIn(plainWords(approved.person.name)) }, welcome(approved.pairing, newcomers)];
}

/** What somebody is told who has just been let in. */
export function welcome(pairing: Pairing, language: Language): Notice {
  return { chat: parseChatKey(pairing.chatKey), markdown: language.access.welcome };
}

/**
 * Whether no owner can be reached in a chat yet (the local page does not count): then whoever is let in at the command line, which
 * only the machine's owner can use, becomes the owner.
 */
export async function noOwnerYet(db: Db, localPlatforms: readonly string[]): Promise<boolean> {
  return (await ownersBeyond(db, localPlatforms)).length === 0;
}

/** What is said to an invitation's code, in its sender's language; null for any other message, and where the code is no good. */
async function invitation(
  db: Db,
  rules: AccessRules,
  inbound: Inbound,
  language: () => Promise<Language>,
): Promise<readonly Notice[] | null> {
  const code = inbound.type === "message" ? codeIn(inbound.text) : null;
  if (code === null) return null;
  const { localPlatforms } = rules;
  const { chat, sender } = inbound;
  const { access } = await language();
  // Any reader could be the first to show it.
  if (inbound.kind === "shared")
    return (await spoilInvitation(db, code, `seen in ${chatKey(chat)}`)) ? [{ chat, markdown: access.codeSeen }] : null;
  // Here it would be used up, and the bot still have no owner where it is to be reached.
  if (localPlatforms.includes(chat.platform)) {
    const open = await openInvitations(db);
    return open.some((each) => each.code === code) ? [{ chat, markdown: access.codeElsewhere }] : null;
  }
  const invited = await takeInvitation(db, code, sender, localPlatforms);
  if (invited === null) return null;
  if (invited.type === "late") return [{ chat, markdown: access.codeLate }];
  const { person } = invited;
  const others = person.role === "owner" ? await privateChatsOf(db, "owner", person.id) : [];
  const told = (await inTheirLanguage(db, others, rules.language)).map((other) => ({
    chat: other.chat,
    markdown: other.language.access.ownsToo(accountWords(inbound, other.language)),
  }));
  const own = await languageOfPerson(db, person.id, rules.language, sender.language);
  return [{ chat, markdown: own.access.invited(plainWords(person.name), person.role) }, ...told];
}

async function pair(db: Db, { language }: AccessRules, inbound: Inbound, words: Language["access"]): Promise<readonly Notice[]> {
  const asked = await requestPairing(db, inbound.sender, inbound.chat);
  if (asked.type === "full") return [{ chat: inbound.chat, markdown: words.full }];
  const told = { chat: inbound.chat, markdown: words.code(asked.code) };
  if (asked.type === "known") return [told];
  const owners = await inTheirLanguage(db, await privateChatsOf(db, "admin"), language);
  return [told, ...owners.map(({ chat, language: theirs }) => ({ chat, ...asking(inbound, asked.code, theirs) }))];
}

/** What an owner is told of a stranger, with the buttons. */
function asking(inbound: Inbound, code: string, language: Language): Pick<Notice, "markdown" | "buttons"> {
  const { access } = language;
  const buttons = [
    { label: access.letIn, data: `pair:yes:${code}` },
    { label: access.ignore, data: `pair:no:${code}` },
  ];
  return { markdown: access.wouldLike(accountWords(inbound, language), code), buttons };
}

function accountWords({ sender }: Inbound, { access }: Language): string {
  return access.who(plainWords(sender.name), sender.platform, plainWords(sender.id));
}

/** Of somebody who has picked none yet. */
function strangersLanguage({ language }: AccessRules, { sender }: Inbound): Language {
  return languageOf(sender.language) ?? usualLanguage(language);
}
