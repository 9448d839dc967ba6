import { sql } from "kysely";
import type { Config } from "../config/keys.ts";
import { chatKey, type ChatRef } from "../core/chats.ts";
import type { Db } from "./hold.ts";
import { getSetting, putSetting } from "./settings.ts";

/** The part of the configuration that decides about footers. */
export type FooterRules = Pick<Config["display"], "runtimeFooter" | "platforms">;

/** Whether answers in a chat end in a footer: as switched there, else as configured for its platform, else for all. */
export async function footerWanted(db: Db, rules: FooterRules, chat: ChatRef): Promise<boolean> {
  return decided(rules, chat, await getSetting(db, switchKey(chat)));
}

/** Switches the footer of a chat, its threads included; null: as configured again. */
export async function switchFooter(db: Db, chat: ChatRef, to: boolean | null): Promise<void> {
  await putSetting(db, switchKey(chat), to === null ? "" : to ? "on" : "off");
}

/** What the record knows for a footer. */
export interface FooterFacts {
  readonly wanted: boolean;
  /** How long the turn, and its session, have gone on, in milliseconds. */
  readonly turnMs: number;
  readonly sessionMs: number;
}

/** Null for a turn that the record does not have. */
export async function footerFacts(db: Db, rules: FooterRules, chat: ChatRef, turn: string): Promise<FooterFacts | null> {
  const found = await sql<{ readonly own: string | null; readonly turn: number; readonly session: number }>`
    select (select value from settings where key = ${switchKey(chat)}) as own,
      (extract(epoch from now() - t.created_at) * 1000)::float8 as turn,
      (extract(epoch from now() - s.created_at) * 1000)::float8 as session
    from turns t join sessions s on s.id = t.session_id where t.id = ${turn}`.execute(db);
  const row = found.rows[0];
  return row ? { wanted: decided(rules, chat, row.own), turnMs: row.turn, sessionMs: row.session } : null;
}

function decided({ runtimeFooter, platforms }: FooterRules, { platform }: ChatRef, own: string | null): boolean {
  // What is no chat of people's (a schedule's, a subagent's) has no answers to put a line under.
  const place = Object.entries(platforms).find(([name]) => name === platform);
  if (!place) return false;
  if (own === "on" || own === "off") return own === "on";
  return place[1].runtimeFooter.enabled ?? runtimeFooter.enabled;
}

function switchKey(chat: ChatRef): string {
  return `footer:${chatKey({ ...chat, thread: null })}`;
}
