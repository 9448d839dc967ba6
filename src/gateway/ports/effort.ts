import type { CommandPorts } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { Db } from "../../store/hold.ts";
import { chooseModel, openSession, sessionChoice } from "../../store/sessions.ts";

/** How much is thought in a conversation. */
export function effortPorts(
  db: Db,
  inbound: InboundMessage,
  session: string | null,
): Pick<CommandPorts, "effort" | "chooseEffort"> {
  return {
    effort: async () => (session === null ? null : ((await sessionChoice(db, session))?.effort ?? null)),
    async chooseEffort(effort) {
      const open = session ?? (await openSession(db, inbound.chat, inbound.kind)).session;
      const { provider = null, model = null } = (await sessionChoice(db, open)) ?? {};
      const plain = provider === null && model === null ? null : { provider, model };
      await chooseModel(db, open, effort === null ? plain : { provider, model, effort });
    },
  };
}
