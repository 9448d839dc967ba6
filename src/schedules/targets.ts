import { type ChatKind, type ChatRef, chatKey, parseChatKey } from "../core/chats.ts";
import type { Failure } from "../core/failures.ts";
import type { Db } from "../store/hold.ts";
import { homeOf } from "../store/homes.ts";
import { hasLeft } from "../store/presences.ts";
import { chatsNamed, kindOf, privateChatOf, standingIn } from "../store/schedule-targets.ts";
import { refused } from "./cron-expression.ts";

/** Whose schedule, and where it was made. */
export interface TargetOwner {
  readonly person: string;
  readonly origin: ChatRef | null;
  readonly originKind: ChatKind;
}

/** Where a run's result goes. */
export interface Targets {
  readonly chats: readonly { readonly chat: ChatRef; readonly own: boolean }[];
  /** To a file in the home. */
  readonly local: boolean;
  /** Those that it can't go to (any more), each with why. */
  readonly lost: readonly string[];
}

/** Most chats one schedule reports to. */
const mostTargets = 10;
const platformName = /^[a-z]{2,20}$/;

/**
 * Makes of what somebody wrote what is stored: `origin`, `local`, `home`, `home:PLATFORM`, or a chat's key. Throws for a chat that they may
 * not post to.
 */
export async function storedTargets(db: Db, owner: TargetOwner, wanted: readonly string[]): Promise<readonly string[]> {
  const words = wanted
    .flatMap((each) => each.split(","))
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (words.length > mostTargets) throw refused(`A schedule reports to ${mostTargets} places at most.`);
  const all = words.length > 0 ? words : [owner.origin === null ? "local" : "origin"];
  return [...new Set(await Promise.all(all.map((word) => stored(db, owner, word))))];
}

async function stored(db: Db, owner: TargetOwner, word: string): Promise<string> {
  const lower = word.toLowerCase();
  if (lower === "local") return lower;
  if (lower === "origin") {
    if (owner.origin === null) throw refused('Nothing was asked in a chat here: say "local", "home", or a chat.');
    return lower;
  }
  if (lower === "home" || platformName.test(lower)) return await storedHome(db, owner, lower);
  const named = /^([a-z]{2,20}):#(.{1,100})$/i.exec(word);
  const chat = named?.[2] === undefined ? asChat(word) : await channel(db, owner, (named[1] ?? "").toLowerCase(), named[2]);
  if ((await mayPost(db, owner, chat)) === null) throw cannotPost(word);
  return chatKey(chat);
}

async function storedHome(db: Db, owner: TargetOwner, word: string): Promise<string> {
  const platform = word === "home" ? (owner.origin?.platform ?? null) : word;
  if (platform === null) throw refused('Whose home? Say "telegram", "discord" or "slack".');
  const found = (await homeOf(db, platform)) ?? (await privateChatOf(db, owner.person, platform));
  if (found === null) throw refused(`${platform} has no home yet. An owner or admin makes one with /sethome there.`);
  return `home:${platform}`;
}

function cannotPost(word: string): Failure {
  return refused(`You can't have anything posted to "${word.slice(0, 80)}": write to me there first, then I know that you may.`);
}

function asChat(word: string): ChatRef {
  try {
    return parseChatKey(word.toLowerCase().startsWith("telegram:") ? `telegram:${word.slice(9)}` : word);
  } catch {
    throw refused(
      `"${word.slice(0, 80)}" is no place. Say "origin", "home", "local", "telegram:ID", "discord:#name" or "slack:#name".`,
    );
  }
}

/** Of channels of the same name those count that this person may post to. */
async function channel(db: Db, owner: TargetOwner, platform: string, name: string): Promise<ChatRef> {
  const found = await chatsNamed(db, platform, name.replace(/^#/, ""));
  const chats = found.map((chat): ChatRef => ({ platform, chat, thread: null }));
  const may = await Promise.all(chats.map(async (chat) => ((await mayPost(db, owner, chat)) === null ? [] : [chat])));
  const [first, second] = may.flat();
  // The same whether there is none or one that is not for them: its name is not for them either.
  if (first === undefined)
    throw refused(`I know no channel #${name.replace(/^#/, "").slice(0, 80)} on ${platform} where you have written to me.`);
  if (second !== undefined) throw refused(`There are several channels #${name}. Say ${may.flat().map(chatKey).join(" or ")}.`);
  return first;
}

/** Whether the owner may have something posted there, and whether only they read it. */
async function mayPost(db: Db, { person, origin, originKind }: TargetOwner, chat: ChatRef): Promise<"own" | "shared" | null> {
  if (origin !== null && origin.platform === chat.platform && origin.chat === chat.chat) {
    if (originKind === "private") return "own";
    return (await hasLeft(db, person, chat)) ? null : "shared";
  }
  return await standingIn(db, person, chat);
}

/** Where a result goes now, each chat once. */
export async function targetsOf(db: Db, owner: TargetOwner, deliver: readonly string[]): Promise<Targets> {
  const chats = new Map<string, { chat: ChatRef; own: boolean }>();
  // A run has the memory and the workspace of the chat that its schedule is of: nobody who has left that has them told elsewhere.
  const gone = owner.origin !== null && (await mayPost(db, owner, owner.origin)) === null;
  const lost = new Set(gone ? ["origin"] : []);
  for (const word of deliver) {
    if (word === "local") continue;
    const found = await chatOf(db, owner, word);
    if (found === null) lost.add(word);
    else chats.set(chatKey(found.chat), found);
  }
  return { chats: [...chats.values()], local: deliver.includes("local"), lost: [...lost] };
}

async function chatOf(db: Db, owner: TargetOwner, word: string): Promise<{ chat: ChatRef; own: boolean } | null> {
  if (word === "origin") {
    const standing = owner.origin && (await mayPost(db, owner, owner.origin));
    return owner.origin && standing && { chat: owner.origin, own: standing === "own" };
  }
  if (word.startsWith("home:")) {
    const platform = word.slice(5);
    const home = await homeOf(db, platform);
    const chat = home ?? (await privateChatOf(db, owner.person, platform));
    if (chat === null) return null;
    // A home that is somebody else's private chat is as good as shared.
    const own = (await kindOf(db, chat)) === "private" && (await mayPost(db, owner, chat)) === "own";
    return { chat, own };
  }
  const chat = parseChatKey(word);
  const standing = await mayPost(db, owner, chat);
  return standing === null ? null : { chat, own: standing === "own" };
}

/** Who may see what a run says: only its owner, where nobody else reads any of the places it goes to. */
export function kindFor({ chats }: Targets): ChatKind {
  return chats.every(({ own }) => own) ? "private" : "shared";
}
