import type { Config } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import type { ToolSpec } from "../core/model.ts";
import type { Tool, ToolNeed } from "../core/tool.ts";
import { toolSpecs, tools } from "../tools/index.ts";
import { type Asker, refusing, type ToolsetRules, whyOff, whyOffHere } from "../tools/toolsets.ts";

/** Which tools there are for whom. */
export interface Offer {
  /** As a new session is told of them: in a shared chat those of its strongest, for everybody's calls are judged when they come. */
  specs(asker: Asker): Promise<readonly ToolSpec[]>;
  /** As this person may use them now, whatever the session's prompt lists. */
  tools(asker: Asker): Promise<ReadonlyMap<string, Tool>>;
}

export interface OfferParts {
  readonly follow: LiveConfig;
  /** One sentence on where commands run. */
  hint(): Promise<string>;
}

export function openOffer({ follow, hint }: OfferParts): Offer {
  const set = setUp(follow.current);
  return {
    async specs(asker) {
      const rules = rulesOf(await follow.refresh());
      const off = (tool: Tool) =>
        asker.kind === "shared" ? whyOffHere(rules, tool.toolset, asker) : whyOff(rules, tool.toolset, asker);
      return toolSpecs(
        set.filter((tool) => off(tool) === null),
        await hint(),
      );
    },
    async tools(asker) {
      const rules = rulesOf(await follow.refresh());
      const usable = set.map((tool) => {
        const why = whyOff(rules, tool.toolset, asker);
        return why === null ? tool : refusing(tool, why);
      });
      return new Map(usable.map((tool) => [tool.name, tool]));
    },
  };
}

/** Those whose needs are met. */
function setUp(config: Config): readonly Tool[] {
  const met: Readonly<Record<ToolNeed, boolean>> = {
    memory: config.memory.memoryEnabled || config.memory.userProfileEnabled,
  };
  return tools.filter(({ needs }) => needs === undefined || met[needs]);
}

function rulesOf(config: Config): ToolsetRules {
  return {
    toolsets: config.toolsets,
    disabled: config.agent.disabledToolsets,
    platforms: config.platformToolsets,
    kinds: config.chatToolsets,
    roles: config.roleToolsets,
  };
}
