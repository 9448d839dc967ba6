import type { ModelMessage, ToolCall } from "../core/model.ts";
import type { Tool } from "../core/tool.ts";
import { parseArguments } from "../tools/arguments.ts";
import { flawNoted } from "./notes.ts";

/** How a step is asked for, from free to forced. `closing`: one answer without calls, and the turn is over. */
export type Mode = "free" | "required" | "constrained" | "closing" | "struck_out";

/** Failed calls in a row after which the server is made to force a call. */
const mostStrikes = 3;

/** How the next step is asked for after so many strikes: three in the model's own way, one by `tool_choice`, one by a schema. */
export function modeAfter(strikes: number, canRequire: boolean): Mode {
  if (strikes < mostStrikes) return "free";
  if (strikes === mostStrikes && canRequire) return "required";
  return strikes <= mostStrikes + 1 ? "constrained" : "struck_out";
}

/**
 * Strikes of a turn as its journal tells them: steps in a row in which the model called nothing that exists, or with arguments that
 * were refused, or unreadably. A good call ends the row. One that had to be forced does so only in part: after the next failure it is
 * forced again at once, and a model that needs the schema keeps it for the rest of the turn.
 */
export function strikesOf(own: readonly ModelMessage[], tools: ReadonlyMap<string, Tool>): number {
  let strikes = 0;
  for (const [at, message] of own.entries()) {
    if (message.role !== "assistant") continue;
    if (message.calls.length > 0) strikes = message.calls.some((call) => isSound(call, tools)) ? relieved(strikes) : strikes + 1;
    else strikes += unreadable(strikes, own[at + 1]) ? 1 : 0;
  }
  return strikes;
}

function relieved(strikes: number): number {
  if (strikes < mostStrikes) return 0;
  return strikes === mostStrikes ? mostStrikes - 1 : mostStrikes + 1;
}

/** Whether the call names a tool and its arguments pass. */
function isSound(call: ToolCall, tools: ReadonlyMap<string, Tool>): boolean {
  const tool = tools.get(call.name);
  return tool !== undefined && parseArguments(tool, call.arguments).ok;
}

/** An answer without a call counts when it tried one, or when a call was demanded and nothing came. */
function unreadable(strikes: number, next: ModelMessage | undefined): boolean {
  const flaw = flawNoted(next);
  return flaw === "malformed" || (strikes >= mostStrikes && flaw !== null);
}
