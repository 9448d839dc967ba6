import type { Config } from "../config/keys.ts";
import type { MemoryRules } from "../core/memory.ts";

/** What the configuration says of memory. */
export function memoryRules({ memory, display, home }: Config): MemoryRules {
  const { memoryEnabled, userProfileEnabled, teamEnabled, memoryCharLimit, userCharLimit, teamCharLimit, teamWriters } = memory;
  return {
    memory: memoryEnabled ? memoryCharLimit : null,
    user: userProfileEnabled ? userCharLimit : null,
    team: teamEnabled ? teamCharLimit : null,
    teamWriters,
    home,
    notices: display.memoryNotifications,
  };
}
