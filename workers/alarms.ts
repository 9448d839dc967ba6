import { randomUUID } from "node:crypto";
import { inTheirLanguage, usualLanguage } from "../src/commands/languages/chosen.ts";
import { chatKey } from "../src/core/chats.ts";
import type { Language } from "../src/core/language.ts";
import type { Log } from "../src/core/log.ts";
import { type AlarmChanges, type AlarmLimits, changesOf, raisedAfter } from "../src/insights/alarms.ts";
import { alarmFigures, keptAlarms, newestCall, replaceAlarms } from "../src/store/alarms.ts";
import type { Db } from "../src/store/hold.ts";
import { addOutbound } from "../src/store/outbox.ts";
import { privateChatOfEach } from "../src/store/people.ts";
import { alarmWords } from "./alarm-words.ts";

/** How often the figures are looked at. */
export const alarmsMs = 60_000;

export interface AlarmParts {
  readonly db: Db;
  readonly log: Log;
  /** As configured now; null: nobody wants to be told. */
  limits(): Promise<AlarmLimits | null>;
  /** Platforms that messages are brought to: on one that is connected no more they would wait for ever. */
  readonly served: readonly string[];
  /** The language of owners who have picked none and whose client tells none. */
  readonly language?: string;
  /** Those that reach only whoever sits at this machine. */
  readonly localPlatforms: readonly string[];
  /** Wakes the deliveries of these chats. */
  wake(chats: readonly string[]): Promise<void>;
}

/**
 * Looks at the newest figures each time it is called, and tells the owners what has begun and what is over: once, however many processes
 * look, since the one that changes the record writes the messages with it.
 */
export function alarmWatch(parts: AlarmParts): () => Promise<void> {
  let seen = { call: -1, limits: "" };
  return async () => {
    const limits = await parts.limits();
    // Nothing was asked since, and nobody has set other limits: the figures are the same.
    const now = { call: limits === null ? 0 : await newestCall(parts.db), limits: JSON.stringify(limits) };
    if (now.call === seen.call && now.limits === seen.limits) return;
    if (await look(parts, limits ?? off)) seen = now;
  };
}

const off: AlarmLimits = { toolAccuracy: 0, tokensPerSecond: 0, iterations: 0 };

/** False when it is to be looked at again: another process was faster, and what that saw may have been older; or there is nobody to tell. */
async function look(parts: AlarmParts, limits: AlarmLimits): Promise<boolean> {
  const { db, log } = parts;
  const [figures, { raised, written }] = await Promise.all([alarmFigures(db), keptAlarms(db)]);
  const changes = changesOf(figures, limits, raised);
  if (!hasChanges(changes)) return true;
  const now = Date.now();
  const wordsIn = (language: Language) => alarmWords(changes, figures, limits, raised, now, language);
  const markdown = wordsIn(usualLanguage(parts.language));
  const owners = markdown === null ? [] : await privateChatOfEach(db, "owner", parts);
  const chats = await inTheirLanguage(db, owners, parts.language);
  // Noted only once it is told: whoever comes to own the bot hears of it then.
  if (markdown !== null && chats.length === 0) return false;
  const ours = await db.transaction().execute(async (trx) => {
    if (!(await replaceAlarms(trx, written, raisedAfter(raised, changes, now)))) return false;
    if (markdown === null) return true;
    const key = `alarms:${randomUUID()}`;
    for (const [at, { chat, language }] of chats.entries()) {
      const body = { markdown: wordsIn(language) ?? markdown, replyTo: null };
      await addOutbound(trx, { key: `${key}:${at}`, chat, turn: null, body });
    }
    return true;
  });
  if (!ours || markdown === null) return ours;
  if (changes.begun.length > 0)
    log.warn({ alarms: changes.begun, ...figures }, "the model's figures have fallen below their limits");
  if (changes.over.length > 0) log.info({ alarms: changes.over, ...figures }, "the model's figures are well again");
  await parts.wake(chats.map(({ chat }) => chatKey(chat)));
  return true;
}

function hasChanges({ begun, over, off: ended }: AlarmChanges): boolean {
  return begun.length + over.length + ended.length > 0;
}
