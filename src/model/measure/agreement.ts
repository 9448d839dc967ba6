import { isDeepStrictEqual } from "node:util";
import type { Model, ModelFacts, ToolSpec } from "../../core/model.ts";
import { parsed } from "../arguments.ts";
import type { Connection } from "../connection.ts";
import { at, objectsOf, textOf } from "../discovery/reading.ts";
import { effortFields } from "../effort.ts";
import { ask } from "./asking.ts";

/** How a streamed answer's call compares with the same answer's given whole. `null`: one of them had no call, so there is nothing to compare. */
export type Agreement = "equal" | "different" | "lost in the stream" | null;

const answerTokens = 256;

/** Some servers read calls well in a whole answer and lose them in a stream, or the other way round. Throws the failure of either request. */
export async function probeAgreement(
  connection: Connection,
  address: string,
  model: Model,
  tool: ToolSpec,
  signal: AbortSignal,
): Promise<Agreement> {
  const content = "Run this shell command and nothing else: printf '%s\\n' \"{a: [1, 2]}\"";
  const facts = await model.facts(signal);
  const wish = {
    messages: [{ role: "user" as const, content }],
    toolChoice: "auto" as const,
    effort: "none" as const,
    temperature: 0,
  };
  const { calls } = await ask(model, { ...wish, tools: [tool], maxTokens: answerTokens }, signal);
  const whole = wholeCall(
    await connection.post(address, "/chat/completions", wholeBody(model.name, content, tool, facts), signal),
  );
  const [streamed] = calls;
  if (whole === null) return null;
  if (streamed === undefined) return "lost in the stream";
  const same = streamed.name === whole.name && isDeepStrictEqual(parsed(streamed.arguments), parsed(whole.args));
  return same ? "equal" : "different";
}

function wholeBody(model: string, content: string, tool: ToolSpec, facts: ModelFacts): Record<string, unknown> {
  return {
    model,
    messages: [{ role: "user", content }],
    tools: [{ type: "function", function: { name: tool.name, description: tool.description, parameters: tool.parameters } }],
    tool_choice: "auto",
    temperature: 0,
    max_tokens: answerTokens,
    stream: false,
    ...effortFields(facts, "none"),
  };
}

function wholeCall(body: unknown): { readonly name: string; readonly args: string } | null {
  const [choice] = objectsOf(at(body, "choices"));
  const [call] = objectsOf(at(choice, "message", "tool_calls"));
  const [name, args] = [textOf(at(call, "function", "name")), at(call, "function", "arguments")];
  return name === null ? null : { name, args: typeof args === "string" ? args : JSON.stringify(args ?? {}) };
}
