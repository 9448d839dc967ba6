import { alarmsMs, alarmWatch } from "../../workers/alarms.ts";
import { wakeDeliveries } from "../../workers/asking.ts";
import { every } from "../../workers/upkeep.ts";
import { alarmLimits } from "./alarm-limits.ts";
import { type Base, localPlatforms } from "./base.ts";

/** Looks at the newest figures every minute, and tells the owners when they are bad or well again. */
export function startAlarms({ database: { db }, queues, follow, log, stack }: Base): void {
  const limits = async () => {
    const config = await follow.refresh();
    return config.insights.alarms ? alarmLimits(config) : null;
  };
  const wake = (chats: readonly string[]) => wakeDeliveries({ queues, log }, chats);
  const watching = every("alarms", alarmsMs, log, alarmWatch({ db, log, limits, localPlatforms, wake }), "later");
  stack.defer(() => watching.close());
}
