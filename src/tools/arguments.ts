import { jsonrepair } from "jsonrepair";
import { z } from "zod";
import type { Tool } from "../core/tool.ts";
import { parametersOf } from "./specs.ts";

/** Arguments ready for the tool, or what to tell the model. */
export type ParsedArguments =
  | { readonly ok: true; readonly args: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks the arguments a model sent. Broken JSON is mended only for tools that change nothing: a mended half of a command could
 * do
 * anything. Harmless slips (a number in quotes, null for a default) are put right for all.
 */
export function parseArguments(tool: Tool, json: string): ParsedArguments {
  const fields = readObject(tool, json);
  if (fields === null) {
    const error = `The arguments of ${tool.name} are not a JSON object, so it was not run. Send for example: ${example(tool, {})}`;
    return { ok: false, error };
  }
  const given = withoutSlips(tool, fields);
  const parsed = tool.parameters.safeParse(given);
  if (parsed.success) return { ok: true, args: given };
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(tool, issue, given));
  const wrong = parsed.error.issues.map((issue) => issue.path[0]);
  const right = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.includes(name)));
  return { ok: false, error: `${tool.name} was not run: ${faults.join("; ")}. Send for example: ${example(tool, right)}` };
}

function readObject(tool: Tool, json: string): Fields | null {
  const text = json.trim() === "" ? "{}" : json;
  try {
    return asObject(JSON.parse(text));
  } catch {
    if (tool.kind === "effect") return null;
  }
  try {
    return asObject(JSON.parse(jsonrepair(text)));
  } catch {
    return null;
  }
}

/** Some models send the object once more encoded as a string. */
function asObject(value: unknown): Fields | null {
  if (typeof value === "string") return asObject(JSON.parse(value));
  const object = z.record(z.string(), z.unknown()).safeParse(value);
  return object.success ? object.data : null;
}

function withoutSlips(tool: Tool, fields: Fields): Fields {
  const schemas = propertiesOf(tool);
  const entries = Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
    const schema = schemas[name];
    if (value === null && schema !== undefined && "default" in schema) return [];
    const numeric = schema?.["type"] === "integer" || schema?.["type"] === "number";
    if (numeric && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim())) return [[name, Number(value)]];
    return [[name, value]];
  });
  return Object.fromEntries(entries);
}

function faultsOf(tool: Tool, issue: z.core.$ZodIssue, given: Fields): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(propertiesOf(tool)).join(", ");
    return issue.keys.map((key) => `there is no parameter ${key} (there are: ${known})`);
  }
  const name = issue.path.join(".") || "the arguments";
  return [given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`];
}

/** A call that would pass: what was right is kept, what was wrong or missing is filled in. */
function example(tool: Tool, right: Fields): string {
  const required = requiredOf(tool);
  const entries = Object.entries(propertiesOf(tool)).flatMap(([name, schema]): [string, unknown][] => {
    const value = right[name];
    if (value !== undefined) return [[name, shortened(value)]];
    // Content is what a call is about, though a removal has none.
    return required.includes(name) || name === "content" ? [[name, sample(name, schema)]] : [];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

function shortened(value: unknown): unknown {
  return typeof value === "string" && value.length > 60 ? `${value.slice(0, 60)}…` : value;
}

function sample(name: string, schema: Fields): unknown {
  const options = schema["enum"];
  if (Array.isArray(options)) return options[0];
  if (schema["type"] !== "string") return 1;
  return { command: "ls -la", path: "notes.txt" }[name] ?? "text";
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function propertiesOf(tool: Tool): Readonly<Record<string, Fields>> {
  return objectSchema.parse(parametersOf(tool)).properties;
}

function requiredOf(tool: Tool): readonly string[] {
  return objectSchema.parse(parametersOf(tool)).required;
}
