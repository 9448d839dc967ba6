import { chatKey, type ChatKind, type ChatRef, type Person } from "../core/chats.ts";
import type { SchedulePorts, ScheduleWish } from "../core/schedule.ts";
import { scheduleCommands } from "../schedules/commands.ts";
import { act, type DeskParts, edit, keep, plan, planEdit } from "../schedules/desk.ts";
import { placeText } from "../schedules/places.ts";
import { instantText } from "../schedules/report.ts";
import { zoneOf } from "../schedules/zones.ts";

const done = { pause: "paused", resume: "on again", run: "running now", remove: "removed" } as const;

/** Schedules for the tools of one turn. */
export function schedulePorts(
  desk: DeskParts,
  asker: { readonly person: Person; readonly chat: ChatRef; readonly kind: ChatKind; readonly inRun: boolean },
): SchedulePorts {
  const commands = scheduleCommands(desk, asker);
  const told = async (args: string): Promise<string> => {
    const reply = await commands.run(args);
    if (!reply.ok) throw new Error(reply.text);
    return reply.text;
  };
  const nextOf = (next: readonly number[], zone: string) => next.map((at) => instantText(at, zoneOf(zone).name)).join("; ");
  const placesOf = async (deliver: readonly string[], origin: ChatRef | null) => {
    // Asked about from another chat, that one is not "this chat".
    const elsewhere = origin !== null && chatKey(origin) !== chatKey(asker.chat) ? chatKey(origin) : "origin";
    const places = deliver.map((place) => placeText(desk.db, place === "origin" ? elsewhere : place, asker.kind));
    return `reports to ${(await Promise.all(places)).join(", ")}`;
  };
  return {
    async preview(wish: ScheduleWish) {
      const { schedule, next } = await plan(desk, asker, wish);
      const { name, said, timing, deliver, origin } = schedule;
      return `${name}: ${said} (${timing.zone}); next ${nextOf(next, timing.zone)}; ${await placesOf(deliver, origin)}`;
    },
    async create(wish) {
      const planned = await plan(desk, asker, wish);
      const schedule = await keep(desk, planned, "active");
      return `Saved as schedule ${schedule.number}, "${schedule.name}". Next: ${nextOf(planned.next, schedule.timing.zone)} (${schedule.timing.zone}).`;
    },
    async previewEdit(which, wish) {
      const { schedule, change, next } = await planEdit(desk, asker, which, wish);
      const { name, number, said, timing, origin } = schedule;
      const places = await placesOf(change.deliver ?? schedule.deliver, origin);
      return `${number}, ${name}: ${said} (${timing.zone}); next would be ${nextOf(next, timing.zone)}; ${places}`;
    },
    list: () => told("list"),
    async act(verb, which) {
      if (verb === "show" || verb === "history") return await told(`${verb} ${which}`);
      const { name, number } = await act(desk, asker, verb, which);
      return `Schedule ${number}, "${name}", is ${done[verb]}.`;
    },
    async edit(which, wish) {
      const { schedule, next } = await edit(desk, asker, which, wish);
      return `Schedule ${schedule.number}, "${schedule.name}", is changed: ${schedule.said} (${schedule.timing.zone}), next ${nextOf(next, schedule.timing.zone)}.`;
    },
  };
}
