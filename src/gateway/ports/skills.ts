import type { Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import { pause } from "../../core/pause.ts";
import type { SkillCommands, SkillReply } from "../../core/skill.ts";
import type { SkillDesk, Visitor } from "../skills/call.ts";
import { runSkills } from "../skills/desk.ts";

/** How long a chat waits for a source; then other messages go on, and the outcome is told when it is there. */
const patienceMs = 3_000;

/** The skills as one person has them in one chat. `later` tells what took longer than a chat waits. */
export function skillCommands(
  desk: SkillDesk,
  inbound: InboundMessage,
  person: Person,
  later: (markdown: string) => Promise<void>,
): SkillCommands {
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
