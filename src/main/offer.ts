import type { Config } from "../config/keys.ts";
import { type LiveConfig, stepMs } from "../config/live.ts";
import type { ChatRef } from "../core/chats.ts";
import type { ModelChoice, ToolSpec } from "../core/model.ts";
import { terminalPlatform } from "../core/terminal.ts";
import type { Tool, ToolNeed } from "../core/tool.ts";
import { toolSpecs, tools } from "../tools/index.ts";
import { hasEngine } from "../tools/web/index.ts";
import { bridge, fitting } from "../tools/mcp/bridge.ts";
import type { Hub } from "../tools/mcp/hub.ts";
import { awayTool } from "../tools/mcp/tools.ts";
import { type Asker, refusing, type ToolsetRules, whyOff, whyOffHere } from "../tools/toolsets.ts";
import { searchSettings } from "./web-settings.ts";

/** Which tools there are for whom. */
export interface Offer {
  /** As a new session is told of them: in a shared chat those of its strongest, for everybody's calls are judged when they come. */
  specs(asker: Asker & SessionModel): Promise<readonly ToolSpec[]>;
  /** As this person may use them now, whatever the session's prompt lists. */
  tools(asker: Asker, frozen: readonly ToolSpec[]): Promise<ReadonlyMap<string, Tool>>;
}

/** A session, and the model that its people picked. */
interface SessionModel {
  readonly session: string;
  readonly choice: ModelChoice | null;
}

export interface OfferParts {
  readonly follow: LiveConfig;
  readonly mcp: Hub;
  /** Whether some model can look at a picture for this session. */
  sees(session: SessionModel): Promise<boolean>;
  /** One sentence on where commands run. */
  hint(): Promise<string>;
  /** The sets that a conversation was begun with, as text with commas; null: no such choice was made. */
  chosen(chat: ChatRef): Promise<string | null>;
}

export function openOffer({ follow, mcp, sees, hint, chosen }: OfferParts): Offer {
  const { memory } = follow.current;
  const now = async ({ chat }: Asker) => {
    const config = await follow.refresh(stepMs);
    await mcp.follow(config.mcpServers);
    // Memory counts after a restart, so that prompts and tools agree on it.
    const sets = chat.platform === terminalPlatform ? await chosen(chat) : null;
    return { rules: rulesOf(config, sets?.split(",") ?? null), set: setUp({ ...config, memory }) };
  };
  return {
    async specs(asker) {
      const { rules, set } = await now(asker);
      const why = asker.kind === "shared" ? whyOffHere : whyOff;
      const isOn = ({ toolset }: Tool) => why(rules, toolset, asker) === null;
      const seen = await sees({ session: asker.session, choice: asker.choice });
      const { listed, rest } = fitting(mcp.tools().filter(isOn));
      const found = rest.length === 0 ? [] : bridge(rest);
      return toolSpecs(
        [...set.filter((tool) => isOn(tool) && (seen || tool.needs !== "vision")), ...listed, ...found],
        await hint(),
      );
    },
    async tools(asker, frozen) {
      const { rules, set } = await now(asker);
      const usable = <T extends Tool>(tool: T): Tool => {
        const why = whyOff(rules, tool.toolset, asker);
        return why === null ? tool : refusing(tool, why);
      };
      const outside = mcp.tools();
      const allowed = outside.filter(({ toolset }) => whyOff(rules, toolset, asker) === null);
      const names = new Set(frozen.map(({ name }) => name));
      const bridged = names.has("tool_search") ? bridge(allowed) : [];
      const own = [...set, ...tools.filter((tool) => names.has(tool.name) && !set.includes(tool))];
      const all = [...own.map(usable), ...outside.filter(({ name }) => names.has(name)).map(usable), ...bridged];
      const known = new Set(all.map(({ name }) => name));
      const away = [...names].filter((name) => name.startsWith("mcp_") && !known.has(name)).map(awayTool);
      return new Map([...all, ...away].map((tool) => [tool.name, tool]));
    },
  };
}

/** Those whose needs are met. */
function setUp(config: Config): readonly Tool[] {
  const met: Readonly<Record<ToolNeed, boolean>> = {
    // Asked when a session begins: it depends on the session's model.
    vision: true,
    memory: config.memory.memoryEnabled || config.memory.userProfileEnabled,
    web_search: hasEngine(searchSettings(config)),
  };
  return tools.filter(({ needs }) => needs === undefined || met[needs]);
}

function rulesOf(config: Config, chosen: ToolsetRules["chosen"]): ToolsetRules {
  return {
    toolsets: config.toolsets,
    disabled: config.agent.disabledToolsets,
    // The original's name of it.
    platforms: config.platformToolsets.map((each) => (each.name === "cli" ? { ...each, name: terminalPlatform } : each)),
    kinds: config.chatToolsets,
    roles: config.roleToolsets,
    chosen,
  };
}
