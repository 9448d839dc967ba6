import { asFailure } from "../core/failures.ts";
import { zoneOf } from "../schedules/zones.ts";
import { command } from "./command.ts";

export const timezone = command({
  name: "timezone",
  aliases: ["tz"],
  argument: {},
  role: "member",
  whole: true,
  async run({ args, language, ports: { personal } }) {
    const { timezone: words } = language.replies;
    if (args === "") {
      const { timezone: now } = await personal.settings();
      return now === null ? words.none : words.now(now, clock(now, words.locale));
    }
    if (args.toLowerCase() === "auto") {
      await personal.choose("timezone", null);
      return words.auto;
    }
    try {
      const { name } = zoneOf(args.slice(0, 60));
      await personal.choose("timezone", name);
      return words.chosen(name, clock(name, words.locale));
    } catch (thrown) {
      return asFailure(thrown).message;
    }
  },
});

function clock(zone: string, locale: string): string {
  const now = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit" });
  return now.format(new Date());
}
