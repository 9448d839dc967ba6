import { balanced, isObject, parsed } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";

/** `{"name": …, "arguments": {…}}`, one or several, in a list or a fence or not, and what models make of it. */
export function readJsonCalls(body: string): readonly WrittenCall[] {
  const text = unfenced(body);
  const start = text.search(/[[{]/);
  if (start < 0) return [];
  const whole = parsed(text.slice(start));
  if (whole !== undefined) return callsIn(whole);
  const calls: WrittenCall[] = [];
  for (let at = start; at >= 0;) {
    const piece = balanced(text, at);
    if (piece === null && text[at] === "[") {
      at = nextStart(text, at + 1); // a list that is not closed
      continue;
    }
    if (piece === null) return [...calls, ...brokenCall(text.slice(at))];
    const value = parsed(piece);
    calls.push(...(value === undefined ? brokenCall(piece) : callsIn(value)));
    at = nextStart(text, at + piece.length);
  }
  return calls;
}

/** The calls in a JSON value: one, a list of them, or OpenAI's envelope. */
export function callsIn(value: unknown): readonly WrittenCall[] {
  if (Array.isArray(value)) return value.flatMap(callsIn);
  if (!isObject(value)) return [];
  if (Array.isArray(value["tool_calls"])) return callsIn(value["tool_calls"]);
  if (isObject(value["function"])) return callsIn(value["function"]);
  const named = nameKeys.find((key) => typeof value[key] === "string" && value[key] !== "");
  if (named === undefined) return [];
  const { [named]: name, ...rest } = value;
  const held = argumentKeys.find((key) => key in rest);
  // Some models put the arguments beside the name.
  const args = held === undefined ? without(rest, besides) : rest[held];
  return [{ name: String(name), args: textOf(args) }];
}

export const nameKeys = ["name", "tool_name", "function", "tool", "function_name", "recipient_name", "action"];
export const argumentKeys = ["arguments", "parameters", "args", "tool_input", "tool_args", "input", "action_input", "params"];
const besides = new Set(["id", "type", "tool_call_id", "index", "call_id"]);

/** `[{"N": {…}}]`: the key is the tool. */
export function readNamedObjects(body: string): readonly WrittenCall[] {
  const value = parsed(body.trim());
  return (Array.isArray(value) ? value : [value])
    .filter(isObject)
    .flatMap((item) => Object.entries(item).map(([name, args]) => ({ name, args: textOf(args) })));
}

/** A name and the rest of its arguments, where the JSON around them is broken: whoever runs it decides whether that can be mended. */
function brokenCall(text: string): readonly WrittenCall[] {
  const name = /^\s*\{[^{}]*?"(?:name|tool_name|function)"\s*:\s*"([^"\n]+)"/.exec(text)?.[1];
  const begins = /"(?:arguments|parameters|args)"\s*:\s*/.exec(text);
  if (name === undefined || begins === null) return [];
  const rest = text.slice(begins.index + begins[0].length).trimEnd();
  const args = balanced(rest, 0) ?? rest.replace(/\}\s*$/, "");
  return [{ name, args }];
}

function nextStart(text: string, from: number): number {
  const next = text.slice(from).search(/[[{]/);
  return next < 0 ? -1 : from + next;
}

function unfenced(body: string): string {
  return body.trim().replace(/^```\w*\s*|\s*```$/g, "");
}

function textOf(args: unknown): string {
  if (args === null || args === undefined) return "{}";
  return typeof args === "string" ? args : JSON.stringify(args);
}

function without(fields: Readonly<Record<string, unknown>>, left: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !left.has(key)));
}
