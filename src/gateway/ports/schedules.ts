import type { Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { ScheduleCommands } from "../../core/schedule.ts";
import { scheduleCommands } from "../../schedules/commands.ts";
import { lastingChat } from "../../core/terminal.ts";
import type { GatewayParts } from "../parts.ts";

/** Schedules as one person has them in one chat. */
export function schedulePorts(parts: GatewayParts, { chat, kind }: InboundMessage, person: Person): ScheduleCommands {
  return scheduleCommands(parts.schedules, { person, chat: lastingChat(chat), kind, inRun: false });
}
