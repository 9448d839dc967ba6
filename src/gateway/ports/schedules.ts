import type { Person } from "../../core/chats.ts";
import type { InboundMessage } from "../../core/inbound.ts";
import type { ScheduleCommands } from "../../core/schedule.ts";
import { scheduleCommands } from "../../schedules/commands.ts";
import { nameChat } from "../../store/schedule-targets.ts";
import type { GatewayParts } from "../parts.ts";

/** Schedules as one person has them in one chat. */
export function schedulePorts(parts: GatewayParts, { chat, kind }: InboundMessage, person: Person): ScheduleCommands {
  const commands = scheduleCommands(parts.schedules, { person, chat, kind, inRun: false });
  return {
    async run(args) {
      await learnNames(parts, args);
      return await commands.run(args);
    },
  };
}

/** Where somebody names a channel, its platform is asked what its channels are called now. */
async function learnNames({ db, channels }: GatewayParts, args: string): Promise<void> {
  const named = new Set([...args.matchAll(/\b([a-z]{2,20}):#/gi)].map(([, platform = ""]) => platform.toLowerCase()));
  for (const platform of named) {
    for (const { chat, name } of await channels(platform)) await nameChat(db, { platform, chat, thread: null }, name);
  }
}
