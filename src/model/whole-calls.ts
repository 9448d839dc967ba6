import type { WrittenCall } from "./families/family.ts";
import { argumentKeys, callsIn, nameKeys, readJsonCalls } from "./families/json.ts";
import { readBracedCalls, readPythonicCalls } from "./families/pythonic.ts";
import { isObject, parsed } from "./arguments.ts";
import { matchName, plain } from "./names.ts";

/** An answer that may be nothing but calls, without any mark: `{"name": …}` of Llama 3, `[N(k="v")]` of many small models. */
export interface WholeCalls {
  /** Takes more of the answer; false as soon as it can't be calls of offered tools. */
  push(delta: string): boolean;
  /** All that was taken. */
  readonly text: string;
  /** The calls it is, or none: then it is text. `broken`: it is a call of an offered tool, but can't be read. */
  end(): { readonly calls: readonly WrittenCall[]; readonly broken: boolean };
}

/** Whether an answer that begins so may be nothing but calls. */
export function mayBeWhole(beginning: string): boolean {
  const start = beginning.trimStart();
  return /^[[{]/.test(start) || heads.some((head) => head.startsWith(start) || start.startsWith(head));
}

/** How gpt-oss's calls begin when the server has taken its tokens away. */
const harmonyHeads = [
  "commentary to=functions.",
  "assistantcommentary to=functions.",
  "assistant to=functions.",
  "to=functions.",
];

/** Phi's word before its list, and Gemma's before a call whose tokens the server has taken away. */
const listHead = "functools[";
const bracedHead = "call:";
const heads = [...harmonyHeads, listHead, bracedHead];

/** Watches an answer that may be nothing but calls of these tools. */
export function watchWhole(names: readonly string[]): WholeCalls {
  const parts: string[] = [];
  const ends = scanner();
  let sure = false;
  return {
    push: (delta) => {
      parts.push(delta);
      if (!ends.push(delta)) return false;
      if (sure) return true;
      const verdict = headVerdict(parts.join(""), names);
      sure = verdict === "call";
      return verdict !== "text";
    },
    get text() {
      return parts.join("");
    },
    end: () => {
      const text = withoutTagsBehind(parts.join(""));
      const calls = wholeCalls(text, names);
      return { calls, broken: calls.length === 0 && sure && parsed(text) === undefined };
    },
  };
}

/** Without the tokens and closing tags that some servers leave behind a call. */
function withoutTagsBehind(text: string): string {
  let rest = text.trimEnd();
  while (rest.endsWith(">")) {
    const at = rest.lastIndexOf("<");
    if (at < 0 || !/^<[|｜/][^<>]*>$/.test(rest.slice(at))) return rest;
    rest = rest.slice(0, at).trimEnd();
  }
  return rest;
}

function wholeCalls(text: string, names: readonly string[]): readonly WrittenCall[] {
  const [head, name] = harmonyHead.exec(text.trimStart()) ?? [];
  if (head !== undefined && name !== undefined) return [{ name, args: text.trimStart().slice(head.length) }];
  if (text.trimStart().startsWith(bracedHead)) return readBracedCalls(text);
  if (text.trimStart().startsWith(listHead)) return readJsonCalls(text);
  const value = parsed(text);
  const objects = Array.isArray(value) ? value : [value];
  if (value !== undefined && !objects.every(isEnvelope)) return [];
  const json = value === undefined ? readJsonCalls(text) : callsIn(value);
  const calls = json.length > 0 ? json : readPythonicCalls(text);
  return calls.some(({ name }) => matchName(name, names) !== null) ? calls : [];
}

/** JSON with other keys than a call's is somebody's data. */
function isEnvelope(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.keys(value).every((key) => envelopeKeys.has(key));
}

const leading = [...nameKeys, ...argumentKeys, "type", "id", "tool_calls", "tool_call_id", "call_id", "index"];
const envelopeKeys: ReadonlySet<string> = new Set(leading);

const harmonyHead = /^\s*\w*(?:\s*to=)functions\.([\w.-]+)[^{]{0,40}(?=\{)/;

type Verdict = "text" | "maybe" | "call";

/** Beginnings are short: what has no name within these is held no longer. */
const longestHead = 4_000;

function headVerdict(text: string, names: readonly string[]): Verdict {
  if (text.length > longestHead) return "text";
  const start = text.trimStart();
  if (heads.some((prefix) => prefix.startsWith(start))) return "maybe";
  if (start.startsWith(bracedHead)) return bracedVerdict(start.slice(bracedHead.length), names);
  if (start.startsWith(listHead)) return headVerdict(start.slice(listHead.length - 1), names);
  if (harmonyHeads.some((prefix) => text.trimStart().startsWith(prefix))) return harmonyHead.test(text) ? "call" : "maybe";
  const listed = /^\s*\[\s*/.exec(text)?.[0];
  const head = text.slice(listed?.length ?? 0).trimStart();
  if (head === "") return "maybe";
  if (head.startsWith("{")) return objectVerdict(head.slice(1), names);
  return listed === undefined ? "text" : nameVerdict(head, names);
}

/** `N{` behind the word. */
function bracedVerdict(head: string, names: readonly string[]): Verdict {
  const [name = ""] = /^\s*[A-Za-z_][\w.-]*/.exec(head) ?? [];
  if (name.length === head.length) return name === "" || begins(name.trim(), names) ? "maybe" : "text";
  return head.charAt(name.length) === "{" && matchName(name, names) !== null ? "call" : "text";
}

/** `N(` behind a bracket. */
function nameVerdict(head: string, names: readonly string[]): Verdict {
  const [name = ""] = /^[A-Za-z_][\w.-]*/.exec(head) ?? [];
  const rest = head.slice(name.length).trimStart();
  if (name === "") return "text";
  if (rest === "") return begins(name, names) ? "maybe" : "text";
  return rest.startsWith("(") && matchName(name, names) !== null ? "call" : "text";
}

/** The object's first keys must be a call's, and the name an offered tool's. */
function objectVerdict(inner: string, names: readonly string[]): Verdict {
  const rest = inner.trimStart();
  if (rest === "") return "maybe";
  const [, key, closed, value] = /^"([^"\\]*)("?)\s*:?\s*([\s\S]*)$/.exec(rest) ?? [];
  if (key === undefined || value === undefined) return "text";
  if (closed === "") return leading.some((word) => word.startsWith(key)) ? "maybe" : "text";
  if (!envelopeKeys.has(key)) return "text";
  return value === "" ? "maybe" : valueVerdict(key, value, names);
}

/** What stands behind one of a call's keys. */
function valueVerdict(key: string, value: string, names: readonly string[]): Verdict {
  if (key === "tool_calls") return value.startsWith("[") ? deeper(value.slice(1).trimStart(), names) : "text";
  if (value.startsWith("{")) return key === "function" ? deeper(value, names) : "maybe";
  return nameKeys.includes(key) ? quotedVerdict(value, names) : next(value, names);
}

/** A name in quotes that may not be whole yet. */
function quotedVerdict(value: string, names: readonly string[]): Verdict {
  const [, name, ended] = /^"([^"\\]*)("?)/.exec(value) ?? [];
  if (name === undefined) return "text";
  if (ended === "") return begins(name, names) ? "maybe" : "text";
  return matchName(name, names) === null ? "text" : "call";
}

function deeper(text: string, names: readonly string[]): Verdict {
  if (text === "") return "maybe";
  return text.startsWith("{") ? objectVerdict(text.slice(1), names) : "text";
}

/** Behind a short value (`"type": "function"`) the next key is looked at. */
function next(value: string, names: readonly string[]): Verdict {
  const [taken] = /^(?:"[^"\\]*"|[\w.-]+)\s*(?:,|$)/.exec(value) ?? [];
  if (taken !== undefined) return taken.endsWith(",") ? objectVerdict(value.slice(taken.length), names) : "maybe";
  return /^"[^"]*$/.test(value) || /^[[{]/.test(value) ? "maybe" : "text";
}

/** Whether what is written so far may grow to an offered name. */
function begins(name: string, names: readonly string[]): boolean {
  const last = plain(name.split(/[.:/]/).at(-1) ?? name);
  const whole = plain(name);
  return (
    names.some((candidate) => plain(candidate).startsWith(last)) ||
    ["functions", "tools", "defaultapi"].some((space) => space.startsWith(whole))
  );
}

/** Sees where brackets and quotes end: what follows a whole value must be another, or nothing that says anything. */
function scanner(): { push(delta: string): boolean } {
  let depth = 0;
  let begun = false;
  /** Within a value a quote, outside of any a `<token>`: all up to its end says nothing. */
  let within: '"' | "'" | ">" | "" = "";
  let escaped = false;
  const skip = (character: string): void => {
    if (escaped) escaped = false;
    else if (character === "\\" && within !== ">") escaped = true;
    else if (character === within) within = "";
  };
  const inside = (character: string): void => {
    if (character === '"' || character === "'") within = character;
    else if (opening.has(character)) depth += 1;
    else if (closing.has(character)) depth -= 1;
  };
  const outside = (character: string): boolean => {
    if (opening.has(character)) depth += 1;
    else if (character === "<") within = ">";
    else if (begun && !/[\s;,]/.test(character)) return false;
    begun ||= depth > 0;
    return true;
  };
  const step = (character: string): boolean => {
    if (within !== "") skip(character);
    else if (depth > 0) inside(character);
    else return outside(character);
    return true;
  };
  return {
    push: (delta) => {
      for (const character of delta) if (!step(character)) return false;
      return true;
    },
  };
}

const opening: ReadonlySet<string> = new Set("{[(");
const closing: ReadonlySet<string> = new Set("}])");
