import { type Toolset, toolsets } from "./tool.ts";

/** Names that stand for every tool; the last are the original's presets of one platform each. */
const everything = ["all", "*", "hermes-cli", "hermes-telegram", "hermes-discord", "hermes-slack", "hermes-whatsapp"].concat([
  "hermes-cron",
  "hermes-web",
]);

/** Names that stand for several sets, as in the original. `search` there is the half of `web` that only searches. */
const composites: Readonly<Record<string, readonly Toolset[]>> = {
  safe: ["web", "vision"],
  debugging: ["terminal", "web", "file"],
  coding: ["terminal", "file", "code_execution", "todo", "web"],
  search: ["web"],
  "hermes-webhook": ["web", "vision", "clarify"],
  "hermes-api-server": toolsets.filter((each) => each !== "clarify"),
};

/** Every name that may be written for a set, but for those of single MCP servers: `mcp-NAME`. */
export const toolsetNames: readonly string[] = [...everything, ...Object.keys(composites), ...toolsets, "mcp"];

/** The original's sets whose tools this version has not. */
export const foreignToolsets: readonly string[] =
  "browser image_gen video_gen tts homeassistant discord discord_admin kanban moa computer_use x_search spotify rl".split(" ");

/** Whether a name stands for some set here: one of the list, or an MCP server's. */
export function isToolsetName(name: string): boolean {
  return toolsetNames.includes(name) || /^mcp-./.test(name);
}

/** Whether one of the names stands for the set. `mcp` and what stands for everything cover the servers' sets. */
export function covers(names: readonly string[], set: Toolset): boolean {
  return names.some(
    (name) =>
      name === set ||
      everything.includes(name) ||
      (name === "mcp" && set.startsWith("mcp-")) ||
      (Object.hasOwn(composites, name) && composites[name]?.includes(set) === true),
  );
}
