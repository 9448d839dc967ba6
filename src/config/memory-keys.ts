import { oneOf, toggle, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of what the agent remembers. */
export const memoryKeys = {
  "memory.memory_enabled": row(toggle(), true, "Whether the agent keeps notes about the work (MEMORY.md).", {
    aliases: ["memory.enabled"],
  }),
  "memory.user_profile_enabled": row(toggle(), true, "Whether the agent keeps notes about each person (USER.md)."),
  "memory.team_enabled": row(toggle(), true, "Whether there is a memory that everybody's prompts hold."),
  "memory.memory_char_limit": row(whole(1, 100_000, "characters"), 2_200, "Longest MEMORY.md."),
  "memory.user_char_limit": row(whole(1, 100_000, "characters"), 1_375, "Longest USER.md."),
  "memory.team_char_limit": row(
    whole(1, 100_000, "characters"),
    350,
    "Longest MEMORY.md of the team: it stands in every prompt.",
  ),
  "memory.team_writers": row(
    oneOf(["owner", "admin", "member"]),
    "admin",
    "The weakest role that may change the team's memory, by asking the agent or by /memory.",
  ),
  "memory.nudge_interval": row(
    whole(0, 10_000, "requests"),
    10,
    "After so many answered requests a side job looks through them for what is worth remembering; 0: never.",
    { env: "HERMES_MEMORY_NUDGE_INTERVAL", effect: "use" },
  ),
  "display.memory_notifications": row(
    oneOf(["on", "off", "verbose"]),
    "on",
    "Whether a chat is told what was saved there, with a button to undo it; `verbose` also tells which file it is in.",
    { env: "HERMES_MEMORY_NOTIFICATIONS" },
  ),
};
