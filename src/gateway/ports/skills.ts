import { chatKey, type Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { pause } from "../../core/pause.ts";
import type { SkillCommands, SkillReply } from "../../core/skill.ts";
import { addOutbound } from "../../store/outbox.ts";
import type { GatewayParts } from "../parts.ts";
import type { Visitor } from "../skills/call.ts";
import { runSkills } from "../skills/desk.ts";

/** How long a chat waits for a source; then other messages go on, and the outcome is told when it is there. */
const patienceMs = 3_000;

/** The skills as one person has them in one chat. What takes longer than a chat waits is told when it is there. */
export function skillCommands(
  { db, skills: desk }: Pick<GatewayParts, "db" | "skills">,
  inbound: InboundMessage,
  person: Person,
): SkillCommands {
  const later = async (markdown: string): Promise<void> => {
    const body = { markdown, replyTo: inbound.messageId };
    await addOutbound(db, { key: `skills:${inbound.key}`, chat: inbound.chat, turn: null, body });
    await desk.wake([chatKey(inbound.chat)]);
  };
  const shared = inbound.kind === "shared";
  const visitor: Visitor = {
    person,
    viewer: { person: shared ? null : person.id },
    chat: inbound.chat,
    shared,
    replyTo: inbound.messageId,
  };
  return {
    async run(args) {
      const work = runSkills(desk, visitor, args);
      const waiting: SkillReply = { ok: true, text: "This takes a moment; I'll tell you.", data: {} };
      const waited = new AbortController();
      const first = await Promise.race([work, pause(patienceMs, waited.signal).then(() => null)]);
      waited.abort();
      if (first !== null) return first;
      void work.then(({ text }) => (text === "" ? undefined : later(text))).catch(() => undefined);
      return waiting;
    },
  };
}
