import { z } from "zod";
import type { Tool } from "../core/tool.ts";
import { repairArguments } from "../model/arguments.ts";
import { coerced, type Fields, parametersIn } from "./coercion.ts";
import { parametersOf } from "./specs.ts";

/** Arguments ready for the tool, or what to tell the model. */
export type ParsedArguments =
  | { readonly ok: true; readonly args: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/**
 * Checks the arguments a model sent. Broken JSON is mended only for tools that change nothing: a mended half of a command could do
 * anything. Harmless slips (a number in quotes, null for a default) are put right for all.
 */
export function parseArguments(tool: Tool, json: string): ParsedArguments {
  const read = readObject(json);
  if (read === null) return { ok: false, error: notRun(tool, "its arguments are not one whole JSON object", {}) };
  if (read.mended && tool.kind === "effect") {
    const why =
      "its arguments are broken JSON, and guessing what was meant could do harm. Send them again as one whole JSON object";
    return { ok: false, error: notRun(tool, why, {}) };
  }
  if (tool.parameters.safeParse(read.fields).success) return { ok: true, args: read.fields };
  const given = renamed(tool, coerced(tool.name, parametersOf(tool), renamed(tool, read.fields)));
  const parsed = tool.parameters.safeParse(given);
  if (parsed.success) return { ok: true, args: given };
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(tool, issue, given));
  const wrong = parsed.error.issues.map((issue) => issue.path[0]);
  const right = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.includes(name)));
  return { ok: false, error: notRun(tool, faults.join("; "), right) };
}

/** Parameters by the names that the tool has for them. */
function renamed({ aliases = {} }: Tool, given: Fields): Fields {
  const entries = Object.entries(given).map(([name, value]): [string, unknown] => {
    const meant = aliases[name];
    return [meant !== undefined && !(meant in given) ? meant : name, value];
  });
  return Object.fromEntries(entries);
}

/** Whether the arguments are what the tool takes, without anything put right. */
export function passesAsSent(tool: Tool | undefined, json: string): boolean {
  const value = jsonIn(json.trim() === "" ? "{}" : json);
  return tool !== undefined && tool.parameters.safeParse(value).success;
}

function notRun(tool: Tool, why: string, right: Fields): string {
  return `${tool.name} was not run: ${why}. Send for example: ${example(tool, right)}`;
}

function readObject(json: string): { readonly fields: Fields; readonly mended: boolean } | null {
  const repaired = repairArguments(json);
  const fields = repaired === null ? null : objectIn(repaired.text);
  return repaired === null || fields === null ? null : { fields, mended: repaired.repaired };
}

function objectIn(text: string): Fields | null {
  const object = z.record(z.string(), z.unknown()).safeParse(jsonIn(text));
  return object.success ? object.data : null;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultsOf(tool: Tool, issue: z.core.$ZodIssue, given: Fields): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(propertiesOf(tool)).join(", ");
    return issue.keys.map((key) => `there is no parameter ${key} (there are: ${known})`);
  }
  const name = issue.path.join(".") || "the arguments";
  return [given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`];
}

/** A call that would pass: what was right is kept, what was wrong or missing is filled in. What is needed is not in each schema that is shown. */
function example(tool: Tool, right: Fields): string {
  const { properties, required } = parametersIn(z.toJSONSchema(tool.parameters, { io: "input" }));
  const entries = Object.entries(properties).flatMap(([name, schema]): [string, unknown][] => {
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
  const word = { command: "ls -la", path: "notes.txt", urls: "https://example.com/" }[name] ?? "text";
  if (schema["type"] === "array") return [word];
  return schema["type"] === "string" ? word : 1;
}

function propertiesOf(tool: Tool): Readonly<Record<string, Fields>> {
  return parametersIn(parametersOf(tool)).properties;
}
