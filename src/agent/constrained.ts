import { z } from "zod";
import type { ModelMessage, ToolCall, ToolSpec } from "../core/model.ts";
import { newCallId } from "../model/calls.ts";

/** What a constrained answer said. */
export type Constrained = { readonly type: "call"; readonly call: ToolCall } | { readonly type: "answer"; readonly text: string };

/** The schema of a step for a model that can't call tools: one of the tools with its arguments, or the answer. */
export function constrainedSchema(specs: readonly ToolSpec[]): Readonly<Record<string, unknown>> {
  const calls = specs.map((spec) => ({
    type: "object",
    properties: { tool: { type: "string", enum: [spec.name] }, arguments: spec.parameters },
    required: ["tool", "arguments"],
    additionalProperties: false,
  }));
  const answer = {
    type: "object",
    properties: { answer: { type: "string" } },
    required: ["answer"],
    additionalProperties: false,
  };
  return { anyOf: [...calls, answer] };
}

/** What the model is told then: servers don't show it the schema, and the tools are no longer in the prompt. */
export function constrainedDemand(specs: readonly ToolSpec[]): ModelMessage {
  const content = `[Your tool calls could not be read. Say your next step as one JSON object and nothing else: {"tool": NAME, "arguments": {…}} to call a tool, or {"answer": TEXT} to answer the person. The tools: ${JSON.stringify(specs)}]`;
  return { role: "user", content };
}

const shape = z.union([
  z.object({ tool: z.string().min(1), arguments: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ answer: z.string().refine((text) => text.trim() !== "") }),
]);

/** Reads a constrained answer; null when it is none, as from a server that ignores the schema. */
export function readConstrained(text: string): Constrained | null {
  const found = shape.safeParse(jsonIn(text));
  if (!found.success) return null;
  const said = found.data;
  if ("answer" in said) return { type: "answer", text: said.answer };
  return { type: "call", call: { id: newCallId(), name: said.tool, arguments: JSON.stringify(said.arguments) } };
}

/** The value of the text, or of the one fenced block that it is. */
function jsonIn(text: string): unknown {
  const bare = /^\s*```(?:json)?\s*\n([^]*?)\n?```\s*$/.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(bare);
  } catch {
    return undefined;
  }
}
