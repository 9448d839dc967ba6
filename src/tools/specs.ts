import { z } from "zod";
import type { ToolSpec } from "../core/model.ts";
import type { Tool } from "../core/tool.ts";

/** Tools as the model sees them: sorted by name, the same bytes every time. `sandboxHint` says what commands can and can't do. */
export function toolSpecs(tools: readonly Tool[], sandboxHint: string): ToolSpec[] {
  return tools
    .map((tool) => ({
      name: tool.name,
      description: tool.name === "terminal" ? `${tool.description} ${sandboxHint}` : tool.description,
      parameters: parametersOf(tool),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** A tool's parameters as JSON Schema. */
export function parametersOf(tool: Tool): Readonly<Record<string, unknown>> {
  if (tool.schema !== undefined) return tool.schema;
  const { $schema: _dialect, ...schema } = z.toJSONSchema(tool.parameters, { io: "input", override: withoutTheObvious });
  return schema;
}

/**
 * Bounds, defaults that are nothing (what may be left out is not in `required`) and a `false` that every server assumes cost a fifth of
 * the prompt's tools; a call beyond a bound or with a name too many is told so, and what matters is in words.
 */
function withoutTheObvious({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  for (const bound of ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"] as const) delete jsonSchema[bound];
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (isNothing(jsonSchema.default)) delete jsonSchema.default;
}

function isNothing(value: unknown): boolean {
  return value === "" || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}
