import type { CommandPorts } from "../../core/command.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { chooseModel, openSession, sessionChoice } from "../../store/sessions.ts";
import type { GatewayParts } from "../parts.ts";

/** Servers answer with their list at once, or are told of as away. */
const listMs = 5_000;

/** Which models there are, and which one a conversation has. */
export function modelPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  session: string | null,
): Pick<CommandPorts, "models" | "chooseModel" | "makeDefaultModel"> {
  return {
    async models() {
      const [facts, choice, providers] = await Promise.all([
        parts.facts(),
        session === null ? null : sessionChoice(parts.db, session),
        parts.models.listings(AbortSignal.timeout(listMs)),
      ]);
      const picked = choice === null || (choice.model === null && choice.provider === null) ? null : choice;
      const own = picked === null ? undefined : providers.find(({ provider }) => provider === picked.provider);
      return { model: picked?.model ?? facts.model, server: own?.server ?? facts.server, choice: picked, providers };
    },
    async chooseModel(choice) {
      const open = session ?? (await openSession(parts.db, inbound.chat, inbound.kind)).session;
      const effort = (await sessionChoice(parts.db, open))?.effort;
      const none = { provider: null, model: null };
      await chooseModel(parts.db, open, effort === undefined ? choice : { ...(choice ?? none), effort });
    },
    async makeDefaultModel(choice) {
      // Whoever makes a model everybody's wants it here too.
      if (session !== null) await chooseModel(parts.db, session, null);
      return await parts.models.makeDefault(choice);
    },
  };
}
