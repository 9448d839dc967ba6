import { Failure } from "../core/failures.ts";
import type { ModelMessage, ModelRequest } from "../core/model.ts";
import { constrainedDemand, constrainedSchema } from "./constrained.ts";
import { isStuck } from "./loops.ts";
import { flawsNoted } from "./notes.ts";
import type { Mode } from "./strikes.ts";
import type { TurnSetting } from "./turn-setting.ts";

/**
 * The request for a step. The tools stay in the prompt also where no call is wanted, so that its prefix stays; only a constrained step
 * can't offer them.
 */
export function stepRequest(
  setting: TurnSetting,
  conversation: readonly ModelMessage[],
  own: readonly ModelMessage[],
  mode: Exclude<Mode, "struck_out">,
): ModelRequest {
  const head = setting.info.prompt;
  if (!head) throw new Failure("internal", `session ${setting.info.session} has no prompt`);
  const messages: ModelMessage[] = [{ role: "system", content: head.system }, ...conversation];
  const caller = { person: setting.turn.person, session: setting.info.session, urgency: setting.urgency };
  // Thinking that took all the room once would do so again.
  const effort = flawsNoted(own).at(-1) === "overthought" ? ({ effort: "none" } as const) : {};
  const common = { caller, ...effort };
  switch (mode) {
    case "free":
      return { messages, tools: head.tools, toolChoice: "auto", ...common };
    case "required":
      return { messages, tools: head.tools, toolChoice: "required", ...common };
    case "closing":
      return { messages: [...messages, closingDemand(setting, isStuck(own))], tools: head.tools, toolChoice: "none", ...common };
    case "constrained": {
      const schema = constrainedSchema(head.tools);
      return { messages: [...messages, constrainedDemand(head.tools)], tools: [], toolChoice: "auto", schema, ...common };
    }
  }
}

function closingDemand({ mostSteps, maxSteps }: TurnSetting, stuck: boolean): ModelMessage {
  const others = maxSteps < mostSteps ? ", its subagents' included" : "";
  const why = stuck ? "" : `All ${mostSteps} steps of this request are taken${others}. `;
  const content = `[${why}No more tools can be called for this request. Say what you did, what you found and what is left.]`;
  return { role: "user", content };
}
