import { chatKey } from "../core/chats.ts";
import { Failure } from "../core/failures.ts";
import type { Inbound } from "../core/inbound.ts";
import { type Stored, storeInbound } from "../store/inbox.ts";
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
    if (inbound.type === "message" && inbound.addressed) void tellOnce(inbound.chat, troublesFor(parts, inbound).store);
    throw new Failure("state.unavailable", "the message could not be stored", { retryable: true, cause: error });
  }
}
