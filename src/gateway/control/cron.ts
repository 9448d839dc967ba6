import { unhidden } from "../../core/markdown.ts";
import type { ScheduleAsker } from "../../core/schedule.ts";
import { scheduleCommands } from "../../schedules/commands.ts";
import type { DeskParts } from "../../schedules/desk.ts";
import { listPeople } from "../../store/people.ts";
import type { ControlReply } from "../control-socket.ts";

/**
 * `hermes cron …`: what `/cron` does, over all schedules, for whoever runs the service; it acts as the owner. The first argument is `json` or
 * `text`; or `ask`, as a terminal that asks by itself reads it.
 */
export async function cronControl(desk: DeskParts, [form = "text", ...args]: readonly string[]): Promise<ControlReply> {
  const owner = (await listPeople(desk.db)).find(({ role }) => role === "owner");
  if (owner === undefined) return { ok: false, text: "Nobody is in yet. The first person on the local page becomes the owner." };
  const asker: ScheduleAsker = { person: owner, chat: null, kind: "private", inRun: false };
  const { ok, text, data, waits } = await scheduleCommands(desk, asker).run(args.join(" "));
  if (form === "json") return { ok, text: JSON.stringify(data, null, 2) };
  if (form !== "ask" || !ok) return { ok, text: plain(text) };
  return { ok, text: JSON.stringify({ text: plain(waits?.text ?? text), which: waits?.which ?? null }) };
}

/** Markdown as a terminal reads it. */
function plain(text: string): string {
  return unhidden(text)
    .replaceAll(/\\([\\`*_[\]<>#|~])/g, "$1")
    .replaceAll("**", "")
    .replaceAll(/`([^`\n]*)`/g, "$1")
    .replaceAll("/cron ", "hermes cron ");
}
