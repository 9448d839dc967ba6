import { asFailure } from "../core/failures.ts";
import { zoneOf } from "../schedules/zones.ts";
import { command } from "./command.ts";

export const timezone = command({
  name: "timezone",
  aliases: ["tz"],
  argument: {},
  role: "member",
  async run({ args, ports: { personal } }) {
    if (args === "") {
      const { timezone: now } = await personal.settings();
      return now === null
        ? "You have picked no time zone. `/timezone Europe/Berlin` picks one; new schedules use it."
        : `${now}; ${clock(now)}. \`/timezone auto\` goes back to the usual one.`;
    }
    if (args.toLowerCase() === "auto") {
      await personal.choose("timezone", null);
      return "Your time zone is the usual one again.";
    }
    try {
      const { name } = zoneOf(args.slice(0, 60));
      await personal.choose("timezone", name);
      return `✓ ${name}; ${clock(name)}.`;
    } catch (thrown) {
      return asFailure(thrown).message;
    }
  },
});

function clock(zone: string): string {
  const now = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit" });
  return `it is ${now.format(new Date())} there`;
}
