/** A value read from text, and where it ends. */
export interface Literal {
  readonly value: unknown;
  readonly end: number;
}

/** Marks between which a string stands, longest first: Python's, JSON's, FunctionGemma's and Gemma 4's. */
const quotes = ['"""', "'''", '<|"|>', "<escape>", '"', "'"];
/** Deeper nesting is no tool call. */
const deepest = 64;

/**
 * The value at this place in Python's, JavaScript's or Gemma's way of writing: strings in any of their quotes, numbers, truth values,
 * lists, and objects with or without quoted keys. Null when there is none.
 */
export function readLiteral(text: string, from: number, depth = 0): Literal | null {
  const at = skipSpace(text, from);
  const quote = quotes.find((mark) => text.startsWith(mark, at));
  if (quote !== undefined) return readString(text, at + quote.length, quote);
  if (depth > deepest) return null;
  const opening = text[at];
  if (opening === "[" || opening === "(") return readList(text, at + 1, opening === "[" ? "]" : ")", depth);
  if (opening === "{") return readFields(text, at + 1, "}", depth);
  return readWord(text, at);
}

/** `key=value, key: value` up to the closing bracket, as an object. */
export function readFields(text: string, from: number, close: string, depth = 0): Literal | null {
  const fields: [string, unknown][] = [];
  let at = skipSpace(text, from);
  while (text[at] !== close) {
    const key = readKey(text, at);
    if (key === null) return null;
    const item = readLiteral(text, key.end, depth + 1);
    if (item === null) return null;
    fields.push([String(key.value), item.value]);
    const next = afterItem(text, item.end, close);
    if (next === null) return null;
    at = next;
  }
  return { value: Object.fromEntries(fields), end: at + 1 };
}

/** The first place that holds no white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at++;
  return at;
}

function readList(text: string, from: number, close: string, depth: number): Literal | null {
  const items: unknown[] = [];
  let at = skipSpace(text, from);
  while (text[at] !== close) {
    const item = readLiteral(text, at, depth + 1);
    if (item === null) return null;
    items.push(item.value);
    const next = afterItem(text, item.end, close);
    if (next === null) return null;
    at = next;
  }
  return { value: items, end: at + 1 };
}

/** Behind the comma, or at the closing bracket; null when neither stands there. */
function afterItem(text: string, from: number, close: string): number | null {
  const at = skipSpace(text, from);
  if (text[at] === ",") return skipSpace(text, at + 1);
  return text[at] === close ? at : null;
}

function readKey(text: string, at: number): Literal | null {
  const quote = quotes.find((mark) => text.startsWith(mark, at));
  const key = quote === undefined ? readName(text, at) : readString(text, at + quote.length, quote);
  if (key === null) return null;
  const end = skipSpace(text, key.end);
  return text[end] === "=" || text[end] === ":" ? { value: key.value, end: end + 1 } : null;
}

function readName(text: string, at: number): Literal | null {
  const [name] = sticky(/[A-Za-z_][\w-]*/y, text, at);
  return name === undefined ? null : { value: name, end: at + name.length };
}

function readString(text: string, from: number, quote: string): Literal | null {
  const escapes = quote.startsWith('"') || quote.startsWith("'");
  const parts: string[] = [];
  for (let at = from; at < text.length;) {
    if (text.startsWith(quote, at)) return { value: parts.join(""), end: at + quote.length };
    const escaped = escapes && text[at] === "\\" ? unescape(text, at) : null;
    parts.push(escaped?.value ?? text.charAt(at));
    at += escaped?.length ?? 1;
  }
  return null;
}

const letters: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0", "\n": "" };

/** Python's rule: a backslash before anything else stays. */
function unescape(text: string, at: number): { value: string; length: number } {
  const [hex] = sticky(/\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2})/y, text, at);
  if (hex !== undefined) return { value: String.fromCharCode(Number.parseInt(hex.slice(2), 16)), length: hex.length };
  const letter = text.charAt(at + 1);
  const plain = /["'\\/]/.test(letter) ? letter : `\\${letter}`;
  return { value: letters[letter] ?? plain, length: 2 };
}

const words: Readonly<Record<string, unknown>> = { true: true, True: true, false: false, False: false, null: null, None: null };

function readWord(text: string, at: number): Literal | null {
  const [word] = sticky(/-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|[A-Za-z]+(?!\w)/y, text, at);
  if (word === undefined) return null;
  const end = at + word.length;
  if (Object.hasOwn(words, word)) return { value: words[word], end };
  return /^[-\d]/.test(word) ? { value: Number(word.replaceAll("_", "")), end } : null;
}

function sticky(form: RegExp, text: string, at: number): readonly (string | undefined)[] {
  form.lastIndex = at;
  return form.exec(text) ?? [];
}
