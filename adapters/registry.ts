import type { Platform } from "./platform.ts";

/** The platforms: one line each. Their SDKs are loaded only when the configuration turns them on. */
export const platforms: readonly Platform[] = [
  { name: "web", local: true, wanted: () => true, load: () => import("./web/platform.ts") },
  { name: "terminal", local: true, atSocket: true, wanted: () => true, load: () => import("./terminal/platform.ts") },
  {
    name: "telegram",
    local: false,
    wanted: (config) => config.telegram.botToken !== null,
    load: () => import("./telegram/platform.ts"),
  },
  {
    name: "discord",
    local: false,
    wanted: (config) => config.discord.botToken !== null,
    load: () => import("./discord/platform.ts"),
  },
  {
    name: "slack",
    local: false,
    wanted: (config) => config.slack.botToken !== null,
    load: () => import("./slack/platform.ts"),
  },
];
