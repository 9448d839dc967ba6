import { chatKey } from "../core/chats.ts";
import { Failure } from "../core/failures.ts";
import type { Inbound } from "../core/inbound.ts";
import { findRoute, type Stored, storeInbound } from "../store/inbox.ts";
import type { GatewayParts } from "./parts.ts";
import { type TellOnce, troublesFor } from "./troubles.ts";

/** Stores an event before its platform is acknowledged; null when it is known already. Throws a `Failure` with which the platform keeps it. */
export async function store(parts: GatewayParts, inbound: Inbound, plain: boolean, tellOnce: TellOnce): Promise<Stored | null> {
  try {
    return await storeInbound(parts.db, inbound, plain);
  } catch (error) {
    parts.log.error(
      { error, chat: chatKey(inbound.chat) },
      "a message could not be stored; it stays with the platform and is asked for again",
    );
    // A command of a menu is not told again: its platform answers it in the same moment.
    if (inbound.type === "message" && inbound.addressed && inbound.menu !== true) void tellIfIn(parts, inbound, tellOnce);
    throw new Failure("state.unavailable", "the message could not be stored", { retryable: true, cause: error });
  }
}

/** A stranger is told nothing of how we are. A full disk can still be read; where nothing can be known, a line is better than none. */
async function tellIfIn(parts: GatewayParts, inbound: Inbound, tellOnce: TellOnce): Promise<void> {
  const { access, db } = parts;
  const { chat, sender } = inbound;
  const free =
    access.open || access.localPlatforms.includes(chat.platform) || access.allowed.has(`${sender.platform}:${sender.id}`);
  const found = free ? null : await findRoute(db, chat, sender).catch(() => null);
  if (found === null || (found.person !== null && found.person.role !== "guest"))
    await tellOnce(chat, troublesFor(parts, inbound).store);
}
