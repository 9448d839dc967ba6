import type { Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { ScheduleCommands } from "../../core/schedule.ts";
import { scheduleCommands } from "../../schedules/commands.ts";
import type { DeskParts } from "../../schedules/desk.ts";

/** Schedules as one person has them in one chat. */
export function schedulePorts(desk: DeskParts, { chat, kind }: InboundMessage, person: Person): ScheduleCommands {
  return scheduleCommands(desk, { person, chat, kind, inRun: false });
}
