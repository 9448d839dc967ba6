import { cursor, type Cursor, deeper, looksAt, type OpenRedirection, stumble, take } from "./shell-cursor.ts";
import type { Assignment, Command, Reading, Redirection, Script, Word } from "./shell-tree.ts";
import { arithmeticUntil, heredocBody, readWord } from "./shell-words.ts";

/**
 * Reads a shell text in one pass, in time linear in its length, and never throws: what it can't make out is read as far as
 * it goes and told as trouble. Loops, conditions and cases are read flat: every command in them counts as if it ran.
 */
export function readShell(text: string, depth = 0): Reading {
  const at = cursor(text, depth);
  const script = readScript(at, "");
  return { script, trouble: at.trouble };
}

/** Words after which a command begins. */
const leading = new Set([
  "if",
  "then",
  "elif",
  "else",
  "fi",
  "while",
  "until",
  "do",
  "done",
  "esac",
  "!",
  "time",
  "coproc",
  "{",
  "}",
]);

interface CaseState {
  depth: number;
  /** A pattern comes, not a command. */
  pattern: boolean;
}

function readScript(at: Cursor, until: ")" | "}" | ""): Script {
  const pipelines: Command[][] = [[]];
  const cases: CaseState = { depth: 0, pattern: false };
  for (;;) {
    skipBlanks(at);
    if (at.at >= at.text.length) {
      endOfLine(at);
      if (until !== "") stumble(at, `a ${until === ")" ? "(" : "{"} is not closed`);
      break;
    }
    if (cases.pattern && skipPattern(at, cases)) continue;
    if (until !== "" && closes(at, until)) break;
    if (separator(at, pipelines, cases)) continue;
    const before = at.at;
    const command = readCommand(at, cases);
    if (command !== null) pipelines.at(-1)?.push(command);
    // Whatever could not be a command: one step on, so that there is always an end.
    if (at.at === before) at.at += 1;
  }
  return { pipelines: pipelines.filter((pipeline) => pipeline.length > 0) };
}

function closes(at: Cursor, until: ")" | "}"): boolean {
  if (until === "}" && !/^\}(?:[\s;&|)<>]|$)/.test(at.text.slice(at.at, at.at + 2))) return false;
  return take(at, until);
}

function skipBlanks(at: Cursor): void {
  for (;;) {
    const next = at.text[at.at];
    if (next === " " || next === "\t" || next === "\r") at.at += 1;
    else if (next === "\\" && at.text[at.at + 1] === "\n") at.at += 2;
    else if (next === "#") {
      const end = at.text.indexOf("\n", at.at);
      at.at = end === -1 ? at.text.length : end;
    } else return;
  }
}

/** `;`, `&`, `|`, a new line and the like. */
function separator(at: Cursor, pipelines: Command[][], cases: CaseState): boolean {
  const next = at.text[at.at];
  if (next === "\n") {
    at.at += 1;
    endOfLine(at);
  } else if (looksAt(at, ";;") || looksAt(at, ";&")) {
    while (looksAt(at, ";") || looksAt(at, "&")) at.at += 1;
    cases.pattern = cases.depth > 0;
  } else if (take(at, "||") || take(at, "&&") || take(at, ";")) {
    // The next pipeline begins.
  } else if (next === "&" && !looksAt(at, "&>")) at.at += 1;
  else if (next === "|") {
    at.at += looksAt(at, "|&") ? 2 : 1;
    return true;
  } else if (next === ")") {
    if (cases.depth === 0) stumble(at, "a ) has no (");
    at.at += 1;
  } else return false;
  pipelines.push([]);
  return true;
}

/** A case's pattern, up to its bracket. */
function skipPattern(at: Cursor, cases: CaseState): boolean {
  if (take(at, "\n") || take(at, "(")) return true;
  cases.pattern = false;
  if (/^esac(?!\w)/.test(at.text.slice(at.at, at.at + 5))) return false;
  while (at.at < at.text.length && !take(at, ")")) {
    const before = at.at;
    readWord(at, readScript);
    if (at.at === before && !looksAt(at, ")")) at.at += 1;
  }
  return true;
}

/** Bodies of here-documents stand after the line that names them. */
function endOfLine(at: Cursor): void {
  for (const { delimiter, quoted, stripTabs, complete } of at.heredocs.splice(0)) {
    const begin = at.at;
    let end = -1;
    while (at.at < at.text.length && end === -1) {
      const stop = at.text.indexOf("\n", at.at);
      const lineEnd = stop === -1 ? at.text.length : stop;
      const line = at.text.slice(at.at, lineEnd);
      if ((stripTabs ? line.replace(/^\t+/, "") : line) === delimiter) end = at.at;
      at.at = Math.min(lineEnd + 1, at.text.length);
    }
    const body = at.text.slice(begin, end === -1 ? at.text.length : end);
    complete(deeper(at, { parts: [] }, () => heredocBody(body, quoted, at, readScript)));
  }
}

interface OpenCommand {
  readonly words: Word[];
  readonly assignments: Assignment[];
  readonly redirections: Redirection[];
}

function readCommand(at: Cursor, cases: CaseState): Command | null {
  const begin = at.at;
  const open: OpenCommand = { words: [], assignments: [], redirections: [] };
  const finished = (group: Script | null, defines: string | null = null): Command => ({
    ...open,
    group,
    defines,
    source: at.text.slice(begin, at.at).trim(),
  });
  if (looksAt(at, "((") && at.returns > 0) {
    at.at += 2;
    const part = arithmeticUntil(at, readScript, "))");
    if (at.text.slice(at.at - 2, at.at) === "))" || at.at >= at.text.length)
      return { ...finished(null), words: [{ parts: [{ type: "text", text: "((", quoted: true }, part] }] };
    // Two brackets of two groups, as it turns out.
    at.returns -= 1;
    at.at = begin;
  }
  if (take(at, "(")) {
    const group = deeper(at, { pipelines: [] }, () => readScript(at, ")"));
    readRest(at, open);
    return finished(group);
  }
  // `time -p` is read as the command it is like.
  const keyword = /^(?!time\s+-)(?:[a-z]+|[!{}])(?=[\s;&|()<>]|$)/.exec(at.text.slice(at.at, at.at + 8))?.[0];
  if (keyword === "{") {
    at.at += 1;
    const group = deeper(at, { pipelines: [] }, () => readScript(at, "}"));
    readRest(at, open);
    return finished(group);
  }
  if (keyword === "case") return readCase(at, cases);
  if (keyword === "esac") cases.depth = Math.max(0, cases.depth - 1);
  if (keyword !== undefined && leading.has(keyword)) {
    at.at += keyword.length;
    // `done < file`, `fi | sh`: what follows belongs to the block, whose output is not followed.
    if (!["done", "fi", "esac", "}"].includes(keyword)) return null;
    readRest(at, open);
    return finished({ pipelines: [] });
  }
  readRest(at, open);
  const name = plainName(open.words);
  if (name !== null && /^\(\s*\)/.test(at.text.slice(at.at, at.at + 40))) {
    at.at = at.text.indexOf(")", at.at) + 1;
    return { ...finished(null, name), words: [] };
  }
  if (name === "[[") readCondition(at, open);
  return finished(null);
}

/** `case WORD in`: what the word runs counts. */
function readCase(at: Cursor, cases: CaseState): Command {
  const begin = at.at;
  at.at += "case".length;
  skipBlanks(at);
  const word = readWord(at, readScript);
  skipBlanks(at);
  take(at, "in");
  cases.depth += 1;
  cases.pattern = true;
  const label: Word = { parts: [{ type: "text", text: ":", quoted: true }] };
  const source = at.text.slice(begin, at.at);
  return { words: [label, word], assignments: [], redirections: [], group: null, defines: null, source };
}

/** In `[[ … ]]`, operators are but words. */
function readCondition(at: Cursor, open: OpenCommand): void {
  for (;;) {
    skipBlanks(at);
    const word = readWord(at, readScript);
    if (word.parts.length > 0) {
      open.words.push(word);
      if (text(word) === "]]") return;
    } else if (at.at >= at.text.length || looksAt(at, "\n")) {
      if (text(open.words.at(-1)) !== "]]") stumble(at, "a [[ is not closed");
      return;
    } else at.at += 1;
  }
}

function text(word: Word | undefined): string | null {
  const part = word?.parts[0];
  return word?.parts.length === 1 && part?.type === "text" && !part.quoted ? part.text : null;
}

function plainName(words: readonly Word[]): string | null {
  const last = text(words.at(-1));
  return words.length === 1 || (words.length === 2 && text(words[0]) === "function")
    ? last
    : text(words[0]) === "[["
      ? "[["
      : null;
}

/** Words, assignments and redirections up to the next separator. */
function readRest(at: Cursor, open: OpenCommand): void {
  for (;;) {
    skipBlanks(at);
    if (redirection(at, open)) continue;
    if (open.words.length === 0 && assignment(at, open)) continue;
    const word = readWord(at, readScript);
    if (word.parts.length > 0) open.words.push(word);
    else if (at.text[at.at - 1] !== "\n" || at.at >= at.text.length || !/[^\n;&|<>()]/.test(at.text[at.at] ?? "")) return;
    if (text(open.words[0]) === "[[") return;
  }
}

function assignment(at: Cursor, open: OpenCommand): boolean {
  const head = /^([A-Za-z_]\w{0,200})(?:\[[^\]]{0,40}\])?(\+?)=/.exec(at.text.slice(at.at, at.at + 260));
  const name = head?.[1];
  if (head === null || name === undefined) return false;
  at.at += head[0].length;
  const values: Word[] = [];
  if (take(at, "(")) {
    while (at.at < at.text.length && !take(at, ")")) {
      const before = at.at;
      skipBlanks(at);
      const word = readWord(at, readScript);
      if (word.parts.length > 0) values.push(word);
      if (at.at === before) at.at += 1;
    }
  } else values.push(readWord(at, readScript));
  open.assignments.push({ name, append: head[2] === "+", values });
  return true;
}

const redirectionHead = /^(?:\d{1,9}|\{\w{1,40}\})?(<<<|<<-|<<|<>|<&|>>|>&|>\||&>>|&>|<|>)/;

function redirection(at: Cursor, open: OpenCommand): boolean {
  const head = redirectionHead.exec(at.text.slice(at.at, at.at + 50));
  const operator = head?.[1];
  if (head === null || operator === undefined) return false;
  if ((operator === "<" || operator === ">") && at.text[at.at + head[0].length] === "(") return false;
  at.at += head[0].length;
  skipBlanks(at);
  const target = readWord(at, readScript);
  if (target.parts.length === 0) stumble(at, `${operator} has no target`);
  const entry: OpenRedirection = { operator, target };
  open.redirections.push(entry);
  if (operator === "<<" || operator === "<<-") {
    at.heredocs.push({
      delimiter: target.parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
      quoted: target.parts.some((part) => part.type === "text" && part.quoted),
      stripTabs: operator === "<<-",
      complete: (body) => {
        entry.target = body;
      },
    });
  }
  return true;
}
