import { ansiQuoted, singleQuoted } from "./shell-quoting.ts";
import { type Cursor, cursor, deeper, looksAt, stumble, take } from "./shell-cursor.ts";
import type { Part, Script, Word } from "./shell-tree.ts";

/** Reads a script up to a closing mark: given by the reader of scripts, since words and scripts hold each other. */
export type ReadScript = (at: Cursor, until: ")" | "}" | "") => Script;

const nothing: Script = { pipelines: [] };
const endsWord = new Set([" ", "\t", "\n", ";", "&", "|", "<", ">", "(", ")"]);

/** Reads one word. Empty parts: there was none. */
export function readWord(at: Cursor, script: ReadScript): Word {
  return { parts: readParts(at, script, (next) => endsWord.has(next) && !isProcess(at)) };
}

function isProcess(at: Cursor): boolean {
  return looksAt(at, "<(") || looksAt(at, ">(");
}

function readParts(at: Cursor, script: ReadScript, ends: (next: string) => boolean): Part[] {
  const parts: Part[] = [];
  for (;;) {
    const next = at.text[at.at];
    if (next === undefined || ends(next)) return parts;
    readPart(at, script, next, ends, parts);
  }
}

function readPart(at: Cursor, script: ReadScript, next: string, ends: (next: string) => boolean, parts: Part[]): void {
  if (next === "'") {
    at.at += 1;
    parts.push({ type: "text", text: singleQuoted(at), quoted: true });
  } else if (next === '"') {
    at.at += 1;
    parts.push({ type: "text", text: "", quoted: true }, ...insideQuotes(at, script, '"'));
  } else if (next === "\\") {
    const escaped = at.text[at.at + 1];
    at.at += 2;
    if (escaped !== undefined && escaped !== "\n") parts.push({ type: "text", text: escaped, quoted: true });
  } else if (isProcess(at)) {
    at.at += 2;
    parts.push({ type: "process", script: deeper(at, nothing, () => script(at, ")")) });
  } else if (next === "$" || next === "`") parts.push(...expansion(at, script, false));
  else parts.push({ type: "text", text: plainText(at, ends), quoted: false });
}

const special = /["'\\$`<>]/;

function plainText(at: Cursor, ends: (next: string) => boolean): string {
  const begin = at.at;
  at.at += 1;
  for (;;) {
    const next = at.text[at.at];
    if (next === undefined || special.test(next) || ends(next)) return at.text.slice(begin, at.at);
    at.at += 1;
  }
}

/** What stands in `"…"` (up to the quote) or in a here-document (to the end). */
function insideQuotes(at: Cursor, script: ReadScript, until: '"' | ""): Part[] {
  const parts: Part[] = [];
  let begin = at.at;
  const flush = (): void => {
    if (at.at > begin) parts.push({ type: "text", text: at.text.slice(begin, at.at), quoted: true });
  };
  for (;;) {
    const next = at.text[at.at];
    if (next === undefined) {
      flush();
      if (until !== "") stumble(at, 'a " is not closed');
      return parts;
    }
    if (next === until) {
      flush();
      at.at += 1;
      return parts;
    }
    if (next === "\\" && /[$`"\\\n]/.test(at.text[at.at + 1] ?? "")) {
      flush();
      begin = at.text[at.at + 1] === "\n" ? at.at + 2 : at.at + 1;
      at.at += 2;
    } else if (next === "$" || next === "`") {
      flush();
      parts.push(...expansion(at, script, true));
      begin = at.at;
    } else at.at += 1;
  }
}

/** A here-document's body: expanded unless its delimiter was quoted. */
export function heredocBody(body: string, quoted: boolean, outer: Cursor, script: ReadScript): Word {
  if (quoted) return { parts: [{ type: "text", text: body, quoted: true }] };
  const at = cursor(body, outer.depth);
  const parts = insideQuotes(at, script, "");
  if (at.trouble !== null) stumble(outer, at.trouble);
  return { parts };
}

function expansion(at: Cursor, script: ReadScript, quoted: boolean): Part[] {
  if (take(at, "`")) return [{ type: "substitution", script: backticks(at, script), quoted }];
  at.at += 1;
  if (take(at, "((")) return [deeper<Part>(at, { type: "arithmetic", scripts: [] }, () => arithmetic(at, script))];
  if (take(at, "(")) return [{ type: "substitution", script: deeper(at, nothing, () => script(at, ")")), quoted }];
  if (take(at, "{")) return [deeper<Part>(at, { type: "text", text: "", quoted }, () => parameter(at, script, quoted))];
  if (take(at, "[")) return [deeper<Part>(at, { type: "arithmetic", scripts: [] }, () => arithmeticUntil(at, script, "]"))];
  if (!quoted && take(at, "'")) return [{ type: "text", text: ansiQuoted(at), quoted: true }];
  if (!quoted && looksAt(at, '"')) return [];
  const name = /^(?:[A-Za-z_]\w{0,200}|[0-9@*#?$!-])/.exec(at.text.slice(at.at, at.at + 200))?.[0];
  if (name === undefined) return [{ type: "text", text: "$", quoted: true }];
  at.at += name.length;
  return [{ type: "parameter", name, operator: "", argument: null, quoted }];
}

function backticks(at: Cursor, script: ReadScript): Script {
  const begin = at.at;
  while (at.at < at.text.length && at.text[at.at] !== "`") at.at += at.text[at.at] === "\\" ? 2 : 1;
  if (at.at >= at.text.length) stumble(at, "a ` is not closed");
  const body = at.text.slice(begin, at.at).replaceAll(/\\([\\`$])/g, "$1");
  at.at += 1;
  return deeper(at, nothing, () => {
    const inner = cursor(body, at.depth);
    const read = script(inner, "");
    if (inner.trouble !== null) stumble(at, inner.trouble);
    return read;
  });
}

/** `$((…))`; where it turns out to be `$( (…) … )`, it is read as that. */
function arithmetic(at: Cursor, script: ReadScript): Part {
  const begin = at.at;
  const read = arithmeticUntil(at, script, "))");
  if (at.text.slice(at.at - 2, at.at) === "))" || at.at >= at.text.length) return read;
  at.returns -= 1;
  if (at.returns < 0) {
    stumble(at, "its arithmetic is unclear");
    return read;
  }
  at.at = begin - 1;
  return { type: "substitution", script: deeper(at, nothing, () => script(at, ")")), quoted: false };
}

/** Steps over an arithmetic expression and keeps the scripts it would run. */
export function arithmeticUntil(at: Cursor, script: ReadScript, until: "))" | "]"): Part {
  const scripts: Script[] = [];
  let open = 0;
  while (at.at < at.text.length) {
    const next = at.text[at.at] ?? "";
    if (open === 0 && take(at, until)) return { type: "arithmetic", scripts };
    if (next === "$" || next === "`") scripts.push(...scriptsOf(expansion(at, script, true)));
    else {
      if (next === "(" || next === "[") open += 1;
      else if (next === ")" || next === "]") open -= 1;
      if (open < 0) return { type: "arithmetic", scripts };
      at.at += 1;
    }
  }
  stumble(at, "an arithmetic expression is not closed");
  return { type: "arithmetic", scripts };
}

function scriptsOf(parts: readonly Part[]): readonly Script[] {
  return parts.flatMap((part) => (part.type === "substitution" ? [part.script] : part.type === "arithmetic" ? part.scripts : []));
}

const parameterHead = /^([!#]?)([A-Za-z_]\w*|[0-9]+|[@*#?$!-])(\[[^\]]*\])?/;
const operators = [
  ":-",
  ":=",
  ":?",
  ":+",
  "##",
  "%%",
  "//",
  "/#",
  "/%",
  "^^",
  ",,",
  ":",
  "-",
  "=",
  "?",
  "+",
  "#",
  "%",
  "/",
  "^",
  ",",
];

/** `${…}` from behind the brace. */
function parameter(at: Cursor, script: ReadScript, quoted: boolean): Part {
  const head = parameterHead.exec(at.text.slice(at.at, at.at + 300));
  const [all = "", mark = "", name = "", index = ""] = head ?? [];
  at.at += all.length;
  const operator = head === null ? "unknown" : (operators.find((each) => take(at, each)) ?? "");
  const argument = { parts: readParts(at, script, (next) => next === "}") };
  if (!take(at, "}")) stumble(at, "a ${ is not closed");
  const element = index === "" || index === "[@]" || index === "[*]" ? name : `${name}${index}`;
  if (mark === "#") return { type: "parameter", name: element, operator: "length", argument: null, quoted };
  const full = mark === "!" ? `!${element}` : element;
  return {
    type: "parameter",
    name: full,
    operator: operator === "" && argument.parts.length > 0 ? "unknown" : operator,
    argument,
    quoted,
  };
}
