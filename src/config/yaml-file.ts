import { type Document, LineCounter, isAlias, isMap, isScalar, parseDocument } from "yaml";
import type { Finding } from "./findings.ts";
import { findKey, sections } from "./keys.ts";

/** A value that config.yaml sets, with the path as it is written there. */
export interface Setting {
  readonly path: string;
  readonly value: unknown;
  readonly line: number;
}

/** What a config.yaml says. */
export interface YamlContent {
  readonly settings: readonly Setting[];
  readonly findings: readonly Finding[];
}

/** The text as a document that remembers its comments, and the first thing wrong with it, if any. */
export function parseConfigText(text: string): {
  document: Document;
  lines: LineCounter;
  problem: { line: number; text: string } | null;
} {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined)
    return { document, lines, problem: { line: lines.linePos(error.pos[0]).line, text: firstLine(error.message) } };
  if (document.contents !== null && !isMap(document.contents) && !isEmptyScalar(document.contents)) {
    return { document, lines, problem: { line: 1, text: "expected a mapping of keys, such as `terminal:`" } };
  }
  return { document, lines, problem: null };
}

/** All values of a config.yaml, each with its path: `section.key`, `auxiliary.task.key`. A broken file gives one finding and no settings. */
export function readConfigText(text: string, file: string): YamlContent {
  const { document, lines, problem } = parseConfigText(text);
  if (problem !== null) return { settings: [], findings: [broken(file, problem)] };
  try {
    return { settings: settingsOf(document, lines), findings: [] };
  } catch (thrown) {
    // Aliases that unfold without end are refused by the parser with an exception.
    return { settings: [], findings: [broken(file, { line: 1, text: firstLine(String(thrown)) })] };
  }
}

function settingsOf(document: Document, lines: LineCounter): Setting[] {
  const settings: Setting[] = [];
  const lineOf = (node: unknown): number => lines.linePos(rangeStart(node)).line;
  const add = (path: string, key: unknown, node: unknown): void => {
    settings.push({ path, value: plain(node, document), line: lineOf(key) });
  };
  const open = (pair: Entry, before: string): void => {
    const path = `${before}${pair.name}`;
    // At the top, a section that nothing reads is told of key by key; further down a mapping is a value.
    const section = sections.has(path) || (before === "" && findKey(path) !== path);
    if (!section || !isMap(resolved(pair.value, document))) return add(path, pair.key, pair.value);
    for (const inner of entries(pair.value, document)) open(inner, `${path}.`);
  };
  for (const pair of entries(document.contents, document)) open(pair, "");
  return settings;
}

function broken(file: string, problem: { line: number; text: string }): Finding {
  return {
    severity: "error",
    key: null,
    message: `${file} line ${problem.line} is not valid YAML: ${problem.text}; nothing in this file is used, every key has its default.`,
    mend: `Mend line ${problem.line}.`,
  };
}

interface Entry {
  readonly name: string;
  readonly key: unknown;
  readonly value: unknown;
}

function entries(node: unknown, document: Document): Entry[] {
  const map = resolved(node, document);
  if (!isMap(map)) return [];
  return map.items.map((pair) => ({
    name: isScalar(pair.key) ? String(pair.key.value) : String(pair.key),
    key: pair.key,
    value: pair.value,
  }));
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function plain(node: unknown, document: Document): unknown {
  const found = resolved(node, document);
  if (!isScalar(found)) return isPlainable(found) ? found.toJS(document, { maxAliasCount: 100 }) : null;
  // `007` and `1e3` as they were typed: a name or key made of digits keeps its zeros, and numbers are read from text too.
  return typeof found.value === "number" && found.source !== undefined ? asTyped(found.value, found.source) : found.value;
}

function asTyped(value: number, source: string): unknown {
  return String(value) === source ? value : source;
}

interface Plainable {
  toJS(document: Document, options: { maxAliasCount: number }): unknown;
}

function isPlainable(node: unknown): node is Plainable {
  return typeof node === "object" && node !== null && "toJS" in node;
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function rangeStart(node: unknown): number {
  return isScalar(node) ? (node.range?.[0] ?? 0) : 0;
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? text).replace(/[.:]$/, "");
}
