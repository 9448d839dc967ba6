import type { Config } from "../config/keys.ts";
import type { AlarmLimits } from "../insights/alarms.ts";

/** From where figures are something to look at, as configured. */
export function alarmLimits({ insights }: Config): AlarmLimits {
  return {
    toolAccuracy: insights.alarmToolAccuracy,
    tokensPerSecond: insights.alarmTokensPerSecond,
    iterations: insights.alarmIterations,
  };
}
