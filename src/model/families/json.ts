import { balanced, escapedControls, hasStrangeEscape, isObject, parsed } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";
import { readLiteral, skipSpace } from "./literals.ts";

/** `{"name": …, "arguments": {…}}`, one or several, in a list or a fence or not, and what models make of it. */
export function readJsonCalls(body: string): readonly WrittenCall[] {
  const text = unfenced(body);
  const start = text.search(/[[{]/);
  if (start < 0) return [];
  const whole = valueIn(text.slice(start));
  if (whole !== undefined) return callsIn(whole);
  const calls: WrittenCall[] = [];
  let lists = 0;
  for (let at = start; at >= 0;) {
    const piece = balanced(text, at);
    if (piece === null && text[at] === "[" && lists < mostLists) {
      lists += 1;
      at = nextStart(text, at + 1); // a list that is not closed
      continue;
    }
    if (piece === null) return [...calls, ...brokenCall(text.slice(at))];
    const value = valueIn(piece);
    for (const call of value === undefined ? brokenCall(piece) : callsIn(value)) calls.push(call);
    at = nextStart(text, at + piece.length);
  }
  return calls;
}

/** Lists in lists that no call has. */
const mostLists = 8;

/** The value of JSON, or of what can only mean one thing: Python's or JavaScript's literals, line breaks in strings, doubled braces. */
function valueIn(text: string, inner = false): unknown {
  const value = parsed(text) ?? parsed(escapedControls(text));
  if (value !== undefined || hasStrangeEscape(text)) return value;
  const doubled = text.startsWith("{{") ? balanced(text, 1) : null;
  if (doubled !== null && !inner) return valueIn(doubled, true);
  const literal = readLiteral(text, 0);
  return literal !== null && skipSpace(text, literal.end) >= text.length ? literal.value : undefined;
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
export const argumentKeys = [
  "arguments",
  "parameters",
  "args",
  "tool_input",
  "tool_args",
  "function_args",
  "input",
  "action_input",
  "params",
];
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
  const text = body.trim().replace(/^```\w*/, "");
  return (text.endsWith("```") ? text.slice(0, -"```".length) : text).trim();
}

function textOf(args: unknown): string {
  if (args === null || args === undefined) return "{}";
  return typeof args === "string" ? args : JSON.stringify(args);
}

function without(fields: Readonly<Record<string, unknown>>, left: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !left.has(key)));
}
