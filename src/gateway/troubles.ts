import { usualLanguage } from "../commands/languages/chosen.ts";
import { languageOf } from "../commands/languages/index.ts";
import { chatKey, type ChatRef } from "../core/chats.ts";
import type { Inbound } from "../core/inbound.ts";
import type { Language } from "../core/language.ts";
import type { GatewayParts } from "./parts.ts";

/** Tells a chat of trouble, of the same at most once in a while. */
export type TellOnce = (chat: ChatRef, markdown: string) => Promise<void>;

/** A chat is told of the same trouble at most once in this time. */
const troubleMs = 300_000;

/** Tells past the outbox, which may be what is in trouble. */
export function tellingOnce(parts: Pick<GatewayParts, "tell">): TellOnce {
  const told = new Map<string, number>();
  return async (chat, markdown) => {
    const key = `${chatKey(chat)} ${markdown}`;
    if (performance.now() - (told.get(key) ?? -troubleMs) < troubleMs) return;
    told.set(key, performance.now());
    if (told.size > 10_000) told.clear();
    await parts.tell(chat, markdown);
  };
}

/** What is said of trouble. What the record knows of the person is not asked for: it may be what is in trouble. */
export function troublesFor({ language }: Pick<GatewayParts, "language">, { sender }: Inbound): Language["troubles"] {
  return (languageOf(sender.language) ?? usualLanguage(language)).troubles;
}
