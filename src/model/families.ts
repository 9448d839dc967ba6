import { isObject, parsed } from "./arguments.ts";

/** A call read out of text. */
export interface TextCall {
  readonly name: string;
  readonly arguments: string;
}

/** How one family of models writes a tool call as text when its server does not recognise it. */
export interface TextFamily {
  readonly name: string;
  readonly open: string;
  readonly close: string;
  /** The calls in what stood between the two, or null when it is not this family's form. */
  read(body: string): TextCall | null;
}

/** One row is one family. Rows that share an opening are tried in order. */
export const textFamilies: readonly TextFamily[] = [
  { name: "Hermes, Qwen", open: "<tool_call>", close: "</tool_call>", read: readJson },
  { name: "Qwen Coder", open: "<tool_call>", close: "</tool_call>", read: readTagged },
  { name: "LM Studio's default", open: "[TOOL_REQUEST]", close: "[END_TOOL_REQUEST]", read: readJson },
];

/** `{"name": …, "arguments": {…}}`, in a fence or not. */
function readJson(body: string): TextCall | null {
  const value = parsed(body.trim().replace(/^```\w*\n?|\n?```$/g, ""));
  if (!isObject(value) || typeof value["name"] !== "string") return null;
  const args = value["arguments"] ?? value["parameters"] ?? {};
  return { name: value["name"], arguments: typeof args === "string" ? args : JSON.stringify(args) };
}

/** `<function=NAME><parameter=KEY>VALUE</parameter></function>`. */
function readTagged(body: string): TextCall | null {
  const name = /^\s*<function=([^>\s]+)>/.exec(body)?.[1];
  if (name === undefined) return null;
  const parameters = body.matchAll(/<parameter=([^>\s]+)>\n?([\s\S]*?)\n?<\/parameter>/g);
  const args = Array.from(parameters, ([, key = "", value = ""]) => [key, typed(value)] as const);
  return { name, arguments: JSON.stringify(Object.fromEntries(args)) };
}

/** The form has no types, so what reads as a JSON number, truth value, list or object is taken for one. */
function typed(value: string): unknown {
  return /^\s*(?:-?\d+(?:\.\d+)?|true|false|null|[[{][\s\S]*)\s*$/.test(value) ? (parsed(value) ?? value) : value;
}
