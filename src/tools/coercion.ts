import { z } from "zod";

/** Fields of a call's arguments. */
export type Fields = Readonly<Record<string, unknown>>;

/** As much of JSON Schema as tools' parameters use. */
const schemaShape = z.object({
  // A type that is a list, or one we don't know, is left to the tool's own check.
  type: z.enum(["string", "integer", "number", "boolean", "array", "object", "null"]).optional().catch(undefined),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
  items: z.record(z.string(), z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
});

/** The parameters of an object's schema, by name, and which of them a call must give. */
export function parametersIn(schema: Fields): {
  readonly properties: Readonly<Record<string, Fields>>;
  readonly required: readonly string[];
} {
  return schemaShape.parse(schema);
}

/**
 * Arguments with the harmless slips of models put right, as the schema of `tool` has it: the object wrapped once more, a parameter in
 * another spelling, null for a default, numbers, booleans, lists and objects as text, one thing where a list is wanted. Nothing is
 * guessed: what could mean two things stays as it is.
 */
export function coerced(tool: string, schema: Fields, given: Fields): Fields {
  const { properties, required } = parametersIn(schema);
  const entries = Object.entries(respelt(unwrapped(tool, given, properties), properties)).flatMap(
    ([name, value]): [string, unknown][] => {
      const wanted = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (wanted === undefined) return [[name, value]];
      if (value === null && ("default" in wanted || !required.includes(name))) return [];
      return [[name, fitted(wanted, value)]];
    },
  );
  return Object.fromEntries(entries);
}

/** What models put around the arguments. */
const wrappers = ["arguments", "parameters", "args", "params", "input", "kwargs", "properties"];

/** `{"arguments": {…}}`, or the whole call `{"name": …, "arguments": {…}}`, without its wrapping. */
function unwrapped(tool: string, given: Fields, properties: Readonly<Record<string, Fields>>): Fields {
  const names = Object.keys(given);
  if (names.length === 0 || names.some((name) => Object.hasOwn(properties, name))) return given;
  const [inner, ...others] = names.filter((name) => wrappers.includes(name) || name === tool);
  const rest = names.filter((name) => name !== inner);
  const onlyLabels = rest.every((name) => ["name", "tool", "function", "type", "id"].includes(name));
  if (inner === undefined || others.length > 0 || !onlyLabels) return given;
  return objectIn(given[inner]) ?? given;
}

/** Names in another case or with other separators, where exactly one parameter is meant and is not given itself. */
function respelt(given: Fields, properties: Readonly<Record<string, Fields>>): Fields {
  const known = Object.keys(properties);
  const meant = (name: string): string => {
    if (known.includes(name)) return name;
    const [only, ...others] = known.filter((each) => plain(each) === plain(name));
    if (only === undefined || others.length > 0 || only in given) return name;
    const rivals = Object.keys(given).filter((each) => plain(each) === plain(only));
    return rivals.length === 1 ? only : name;
  };
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [meant(name), value]));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

/** The value as the schema wants it, or as it is. */
function fitted(schema: Fields, value: unknown): unknown {
  const { type, enum: options } = schemaShape.parse(schema);
  if (options !== undefined) return optionMeant(options, value);
  switch (type) {
    case "integer":
    case "number":
      return numberIn(value) ?? value;
    case "boolean":
      return booleanIn(value) ?? value;
    case "array":
      return listFitted(schema, value);
    case "object":
      return objectFitted(schema, value);
    case "string":
    case "null":
    case undefined:
      return value;
  }
}

function listFitted(schema: Fields, value: unknown): unknown {
  const { items } = schemaShape.parse(schema);
  const list = listIn(value) ?? (value === null || value === "" ? value : [objectIn(value) ?? value]);
  return Array.isArray(list) && items !== undefined ? list.map((item) => fitted(items, item)) : list;
}

function objectFitted(schema: Fields, value: unknown): unknown {
  const fields = objectIn(value);
  if (fields === null) return value;
  return Object.keys(parametersIn(schema).properties).length === 0 ? fields : coerced("", schema, fields);
}

function numberIn(value: unknown): number | null {
  return typeof value === "string" && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

function booleanIn(value: unknown): boolean | null {
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (word === "true" || word === 1) return true;
  return word === "false" || word === 0 ? false : null;
}

function optionMeant(options: readonly unknown[], value: unknown): unknown {
  if (typeof value !== "string" || options.includes(value)) return value;
  const alike = options.filter((option) => typeof option === "string" && plain(option) === plain(value));
  return alike.length === 1 ? alike[0] : value;
}

function listIn(value: unknown): readonly unknown[] | null {
  const found = typeof value === "string" && value.trimStart().startsWith("[") ? parsed(value) : value;
  return Array.isArray(found) ? found : null;
}

function objectIn(value: unknown): Fields | null {
  const found = typeof value === "string" && value.trimStart().startsWith("{") ? parsed(value) : value;
  return typeof found === "object" && found !== null && !Array.isArray(found) ? { ...found } : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
