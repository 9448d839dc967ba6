import { Failure } from "../core/failures.ts";
import type { ModelMessage, ModelRequest } from "../core/model.ts";
import { constrainedDemand, constrainedSchema } from "./constrained.ts";
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
      return { messages: [...messages, closingDemand], tools: head.tools, toolChoice: "none", ...common };
    case "constrained": {
      const schema = constrainedSchema(head.tools);
      return { messages: [...messages, constrainedDemand(head.tools)], tools: [], toolChoice: "auto", schema, ...common };
    }
  }
}

const closingDemand: ModelMessage = {
  role: "user",
  content: "[No more tools can be called for this request. Say what you did, what you found and what is left.]",
};
