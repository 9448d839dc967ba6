import { unhidden } from "../../core/markdown.ts";
import type { ScheduleAsker } from "../../core/schedule.ts";
import { scheduleCommands } from "../../schedules/commands.ts";
import type { DeskParts } from "../../schedules/desk.ts";
import { listPeople } from "../../store/people.ts";
import type { ControlReply } from "../control-socket.ts";

/** `hermes cron …`: what `/cron` does, over all schedules, for whoever runs the service; it acts as the owner. The first argument is `json` or `text`. */
export async function cronControl(desk: DeskParts, [form = "text", ...args]: readonly string[]): Promise<ControlReply> {
  const owner = (await listPeople(desk.db)).find(({ role }) => role === "owner");
  if (owner === undefined) return { ok: false, text: "Nobody is in yet. The first person on the local page becomes the owner." };
  const asker: ScheduleAsker = { person: owner, chat: null, kind: "private", inRun: false };
  const { ok, text, data } = await scheduleCommands(desk, asker).run(args.join(" "));
  return { ok, text: form === "json" ? JSON.stringify(data, null, 2) : plain(text) };
}

/** Markdown as a terminal reads it. */
function plain(text: string): string {
  return unhidden(text)
    .replaceAll(/\\([\\`*_[\]<>#|~])/g, "$1")
    .replaceAll("**", "")
    .replaceAll(/`([^`\n]*)`/g, "$1")
    .replaceAll("/cron ", "hermes cron ");
}
