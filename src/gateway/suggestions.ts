import { findCommand, mayUse } from "../commands/command.ts";
import { languages } from "../commands/languages/index.ts";
import type { Viewer } from "../core/chats.ts";
import type { Command } from "../core/command.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { ProviderListing } from "../core/model.ts";
import type { Db } from "../store/hold.ts";
import { findRoute } from "../store/inbox.ts";
import { ownSessions } from "../store/own-sessions.ts";
import { personOf } from "../store/people.ts";
import { listSchedules } from "../store/schedules.ts";
import { listSkills } from "../store/skills.ts";

export interface SuggestionParts {
  readonly db: Db;
  readonly commands: readonly Command[];
  listings(signal: AbortSignal): Promise<readonly ProviderListing[]>;
}

/** Who types, and where: what they pick stands there for everybody to see. */
export type Typing = Pick<InboundMessage, "sender" | "chat" | "kind">;

/** Platforms wait three seconds for suggestions. */
const listMs = 2_000;

/** What a command's argument can be, while somebody types it: what the command would find there. Models are for those who may choose one. */
export async function suggestArgument(
  parts: SuggestionParts,
  at: Typing,
  name: string,
  typed: string,
): Promise<readonly string[]> {
  const found = findCommand(parts.commands, name);
  const offers = found.type === "one" ? found.command.argument?.offers : undefined;
  if (offers === "languages") return [...languages.map(({ code }) => code), "auto"].filter((each) => each.includes(typed));
  if (offers === "sessions") return await sessionTitles(parts.db, at, typed);
  if (offers === "schedules") return await scheduleNames(parts.db, at, typed);
  if (offers === "skills") return await skillNames(parts.db, at, typed);
  if (found.type !== "one" || offers !== "models") return [];
  const { command } = found;
  try {
    const person = await personOf(parts.db, at.sender);
    if (!person || !mayUse(person.role, { ...command, role: "admin" })) return [];
    const providers = await parts.listings(AbortSignal.timeout(listMs));
    const names = providers.flatMap(({ provider, models }) =>
      models.map((model) => (provider === "main" ? model : `${provider}:${model}`)),
    );
    const wanted = typed.toLowerCase();
    return ["default", ...new Set(names)].filter((each) => each.toLowerCase().includes(wanted));
  } catch {
    return [];
  }
}

/** The team's, and in private one's own. */
async function skillNames(db: Db, at: Typing, typed: string): Promise<readonly string[]> {
  try {
    const person = await personOf(db, at.sender);
    if (!person || person.role === "guest") return [];
    const wanted = typed.toLowerCase();
    return (await listSkills(db, { person: at.kind === "private" ? person.id : null }))
      .map(({ name }) => name)
      .filter((name) => name.includes(wanted));
  } catch {
    return [];
  }
}

/** In private one's own private ones, in a shared chat that chat's. */
async function sessionTitles(db: Db, at: Typing, typed: string): Promise<readonly string[]> {
  try {
    const person = await personOf(db, at.sender);
    if (!person || person.role === "guest") return [];
    const conversation = (await findRoute(db, at.chat, at.sender)).conversation ?? "";
    const viewer: Viewer =
      at.kind === "private" ? { kind: "person", person: person.id, conversation } : { kind: "shared", conversation };
    const all = await ownSessions(db, viewer, null, mostTitles);
    const wanted = typed.toLowerCase();
    return all.flatMap(({ title }) => (title?.toLowerCase().includes(wanted) === true ? [title] : []));
  } catch {
    return [];
  }
}

const mostTitles = 100;

const verbs = ["add", "list", "show", "history", "pause", "resume", "run", "edit", "remove"];

/** What `/cron` can do, and then the schedules that it shows there, by name. */
async function scheduleNames(db: Db, at: Typing, typed: string): Promise<readonly string[]> {
  try {
    const [, verb = "", rest] = /^(\S*)(?:\s+([\s\S]*))?$/.exec(typed.trimStart().toLowerCase()) ?? [];
    if (rest === undefined && !verbs.includes(verb)) return verbs.filter((each) => each.startsWith(verb));
    const person = verb === "add" || verb === "list" ? null : await personOf(db, at.sender);
    if (!person || person.role === "guest") return verbs.filter((each) => each.startsWith(verb));
    const all = await listSchedules(db, { person: person.id, chat: at.chat, kind: at.kind });
    const wanted = (rest ?? "").trim();
    return all
      .map(({ name }) => name)
      .filter((name) => name.toLowerCase().includes(wanted))
      .map((name) => `${verb} ${name}`.slice(0, 100));
  } catch {
    return [];
  }
}
