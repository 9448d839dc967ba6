import { isAtLeast, type Person, type Viewer } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { SessionPorts } from "../../core/sessions.ts";
import { lastPromptTokens } from "../../store/compactions.ts";
import { findRoute } from "../../store/inbox.ts";
import { branchSession, entitleSession, ownSessions, resumeSession, sessionUsage, undoTurn } from "../../store/own-sessions.ts";
import { searchOwn } from "../../store/search.ts";
import { openSession, sessionChoice } from "../../store/sessions.ts";
import { sessionState } from "../../store/status.ts";
import type { GatewayParts } from "../parts.ts";

/** The conversations of the person, or of the shared chat, that a command was typed in. */
export function sessionPorts(
  { db, facts }: GatewayParts,
  inbound: InboundMessage,
  person: Person,
  session: string | null,
): SessionPorts {
  const viewer = async (): Promise<{ readonly viewer: Viewer; readonly conversation: string }> => {
    const known = (await findRoute(db, inbound.chat, inbound.sender)).conversation;
    const conversation = known ?? (await openSession(db, inbound.chat, inbound.kind)).conversation;
    return {
      conversation,
      viewer: inbound.kind === "private" ? { kind: "person", person: person.id, conversation } : { kind: "shared", conversation },
    };
  };
  return {
    async list(words, limit) {
      const { viewer: who } = await viewer();
      return words === "" ? await ownSessions(db, who, session, limit) : await searchOwn(db, who, words, session, limit);
    },
    async resume(id) {
      const { viewer: who, conversation } = await viewer();
      return await resumeSession(db, who, id, conversation);
    },
    title: async () => (session === null ? null : ((await sessionState(db, session))?.title ?? null)),
    async entitle(title) {
      if (session === null) return false;
      await entitleSession(db, session, title);
      return true;
    },
    async branch(title) {
      if (session === null) return false;
      return await branchSession(db, (await viewer()).conversation, title);
    },
    async undo() {
      if (session === null) return { type: "nothing" };
      const whose = inbound.kind === "private" || isAtLeast(person.role, "admin") ? null : person.id;
      return await undoTurn(db, session, whose, inbound.key);
    },
    async usage() {
      if (session === null) return null;
      const [used, newestPrompt, choice, { window = null }] = await Promise.all([
        sessionUsage(db, session),
        lastPromptTokens(db, session),
        sessionChoice(db, session),
        facts(),
      ]);
      const { requests, calls, prompt, cached, completion } = used;
      return {
        requests,
        calls,
        promptTokens: prompt,
        cachedTokens: cached,
        completionTokens: completion,
        newestPrompt,
        // Another model's window is not known here.
        window: choice === null || (choice.model === null && choice.provider === null) ? window : null,
      };
    },
  };
}
