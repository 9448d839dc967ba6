import { isAtLeast, type Person } from "../core/chats.ts";
import type { CommandPorts } from "../core/command.ts";
import type { InboundMessage } from "../core/inbound.ts";
import type { Language } from "../core/language.ts";
import { requestCompress } from "../store/compactions.ts";
import { listGrants, revokeGrants } from "../store/grants.ts";
import { sessionChoice } from "../store/sessions.ts";
import { sessionState } from "../store/status.ts";
import { usualLimits } from "../insights/alarms.ts";
import { insightsReply } from "./insights.ts";
import type { GatewayParts } from "./parts.ts";
import { errandPorts } from "./ports/errands.ts";
import { memoryPorts } from "./ports/memories.ts";
import { aboutLines } from "./ports/about.ts";
import { type Asking, askingPorts } from "./ports/asking.ts";
import { chatPorts } from "./ports/chat.ts";
import { effortPorts } from "./ports/effort.ts";
import { endingPorts } from "./ports/ending.ts";
import { modelPorts } from "./ports/models.ts";
import { skillCommands } from "./ports/skills.ts";
import { personalPorts } from "./ports/personal.ts";
import { schedulePorts } from "./ports/schedules.ts";
import { sessionPorts } from "./ports/sessions.ts";
import { takeLeave } from "./questions.ts";

/** The ports of one command call, bound to its chat and person. `session` is null while the chat has none. */
export function commandPorts(
  parts: GatewayParts,
  inbound: InboundMessage,
  person: Person,
  session: string | null,
  language: Language,
  asking: Asking,
): CommandPorts {
  const chat = inbound.kind === "shared" ? inbound.chat : null;
  const own = { person: person.id, chat };
  const visible = isAtLeast(person.role, "admin") ? { person: null, chat } : own;
  return {
    errands: errandPorts(parts, inbound, person, session),
    personal: personalPorts(parts.db, person),
    sessions: sessionPorts(parts, inbound, person, session),
    chat: chatPorts(parts, inbound.chat),
    ...askingPorts(parts, inbound, person, session, asking),
    ...endingPorts(parts, inbound, person, session),
    ...effortPorts(parts.db, inbound, session),
    ...modelPorts(parts, inbound, session),
    about: () => aboutLines(parts),
    memories: memoryPorts(parts, inbound, person, language),
    schedules: schedulePorts(parts, inbound, person),
    skills: skillCommands(parts, inbound, person),
    async status() {
      const facts = await parts.facts();
      const state = session === null ? null : await sessionState(parts.db, session);
      const choice = session === null ? null : await sessionChoice(parts.db, session);
      const idle = { title: null, startedAt: Date.now(), messages: 0, running: null, waiting: 0, shortening: false };
      const model = choice?.model ?? facts.model;
      const server = choice === null || (choice.provider ?? "main") === "main" ? facts.server : (choice.provider ?? "");
      return { session: session ?? "none", ...(state ?? idle), ...facts, model, server };
    },
    async sandbox() {
      const { sandbox, sandboxAbout = [] } = await parts.facts();
      return [sandbox, ...sandboxAbout];
    },
    async leave(choice) {
      if (session === null) return language.asking.nothingWaits;
      return await takeLeave(parts, person, session, { choice, key: inbound.key }, language);
    },
    grants: () => listGrants(parts.db, visible),
    revokeGrants: (number) => revokeGrants(parts.db, number === null ? own : visible, number),
    async insights(days, platform) {
      const { text, chart } = await insightsReply(parts.db, { days, platform, limits: parts.alarmLimits?.() ?? usualLimits });
      return { markdown: text, picture: await chart() };
    },
    async compress(focus) {
      const state = session === null ? null : await sessionState(parts.db, session);
      if (session === null || state === null || state.messages === 0) return "nothing";
      const request = { key: inbound.key, person: person.id, chat: inbound.chat, replyTo: inbound.messageId, focus };
      const asked = await requestCompress(parts.db, session, request);
      await parts.queues.queue(parts.names.turns).wake(session);
      if (!asked) return "already";
      return state.running === null ? "begun" : "after_turn";
    },
  };
}
