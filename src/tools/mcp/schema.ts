import type { Listed } from "./server.ts";

type Json = Readonly<Record<string, unknown>>;

/** So long may a tool's and a parameter's description be in a prompt, and where it was searched for. */
export const lengths = {
  prompt: { tool: 160, parameter: 80, schema: 1_600 },
  search: { tool: 600, parameter: 200, schema: 6_000 },
} as const;
type Lengths = (typeof lengths)[keyof typeof lengths];

/** Schemas are trees of their own making: deeper ones are cut. */
const deepest = 8;

/** What a server says of a tool, short enough: descriptions are cut, and a schema that stays too large loses them, then its inner parts. */
export function trimmed(
  { description, schema }: Listed,
  limits: Lengths,
): { readonly description: string; readonly schema: Json } {
  const forms = [
    () => asObject(trim(schema, limits.parameter, 0)),
    () => asObject(trim(schema, 0, 0)),
    () => asObject(onlyTypes(schema)),
    () => ({ type: "object", properties: {} }),
  ];
  const fitting = forms.map((form) => form()).find((form) => JSON.stringify(form).length <= limits.schema);
  return { description: oneLine(description, limits.tool), schema: fitting ?? { type: "object", properties: {} } };
}

/** Text on one line without control characters, cut at a word. */
export function oneLine(text: string, limit: number): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  if (line.length <= limit) return line;
  return `${line
    .slice(0, limit - 1)
    .replace(/\s+\S*$/, "")
    .toWellFormed()}…`;
}

/** Servers of models refuse parameters that are not an object's. */
function asObject(schema: Json): Json {
  return { ...schema, type: "object", properties: isJson(schema["properties"]) ? schema["properties"] : {} };
}

const dropped = new Set(["$schema", "$id", "$comment", "title", "examples"]);
/** Their values are names of the server's own, each with a schema. */
const maps = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);

function trim(schema: Json, descriptionChars: number, depth: number): Json {
  if (depth > deepest) return {};
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return isJson(value) ? trim(value, descriptionChars, depth + 1) : value;
  };
  const entries = Object.entries(schema).flatMap(([name, value]): [string, unknown][] => {
    if (dropped.has(name)) return [];
    if (name === "description")
      return typeof value === "string" && descriptionChars > 0 ? [[name, oneLine(value, descriptionChars)]] : [];
    if (maps.has(name) && isJson(value))
      return [[name, Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inner(each)]))]];
    // A default, a constant or a choice is a value, whatever it looks like.
    return [[name, ["default", "const", "enum"].includes(name) ? value : inner(value)]];
  });
  return Object.fromEntries(entries);
}

/** The parameters' names and types alone. */
function onlyTypes(schema: Json): Json {
  const properties = isJson(schema["properties"]) ? schema["properties"] : {};
  const types = Object.entries(properties).map(([name, each]) => [
    name,
    isJson(each) && typeof each["type"] === "string" ? { type: each["type"] } : {},
  ]);
  return {
    properties: Object.fromEntries(types),
    ...(Array.isArray(schema["required"]) ? { required: schema["required"] } : {}),
  };
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
