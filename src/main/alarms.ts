import { platforms } from "../../adapters/registry.ts";
import { alarmsMs, alarmWatch } from "../../workers/alarms.ts";
import { wakeDeliveries } from "../../workers/asking.ts";
import { every } from "../../workers/upkeep.ts";
import { alarmLimits } from "./alarm-limits.ts";
import { type Base, localPlatforms } from "./base.ts";

/**
 * Looks at the newest figures every minute, and tells the owners when they are bad or well again. Not in a worker by itself, whose
 * environment need not say which platforms there are.
 */
export function startAlarms({ mode, config, database: { db }, queues, follow, log, stack }: Base): void {
  const limits = async () => {
    const config = await follow.refresh();
    return config.insights.alarms ? alarmLimits(config) : null;
  };
  const wake = (chats: readonly string[]) => wakeDeliveries({ queues, log }, chats);
  // As at the start: until the next one no other platform is served. A gateway by itself has no terminals.
  const served = platforms
    .filter(({ wanted, atSocket = false }) => wanted(config) && !(mode === "gateway" && atSocket))
    .map(({ name }) => name);
  const { language } = config.display;
  const watch = alarmWatch({ db, log, limits, served, language, localPlatforms, wake });
  const watching = every("alarms", alarmsMs, log, watch, "later");
  stack.defer(() => watching.close());
}
