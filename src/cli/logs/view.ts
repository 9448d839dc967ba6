import { styleText } from "node:util";
import type { Environment } from "../../config/home.ts";
import type { LogEntry } from "../../insights/logs/entry.ts";
import { logParts } from "../../insights/pretty.ts";
import { isPlain, type Streams } from "../context.ts";
import { wrapped } from "../tool-width.ts";

/** How lines are shown: `columns` is null where a program reads them. */
export interface LogLook {
  readonly columns: number | null;
  readonly colour: boolean;
}

/** At a terminal lines are broken to its width, with colours unless it or its owner wants none. */
export function lookOf(env: Environment, streams: Streams | undefined): LogLook {
  const terminal = streams?.stdout.isTTY === true;
  // A terminal that does not know its width says 0.
  const columns = Math.max(process.stdout.columns || usualWidth, leastWidth);
  return { columns: terminal ? columns : null, colour: terminal && !isPlain(env) };
}

/** An entry as a person reads it, or as it stands in the file. */
export function entryLines(entry: LogEntry, look: LogLook | "json"): readonly string[] {
  if (look === "json") return [entry.fields === null ? JSON.stringify({ level: "unknown", msg: entry.line }) : entry.line];
  const when = stamp(entry.at);
  if (entry.fields === null) return shaped(`${when} ?     ${oneLine(entry.line)}`, look);
  const { level, message, rest } = logParts(entry.fields);
  // Everything in one process needs no name.
  const from = entry.from === "hermes" ? "" : `[${entry.from}] `;
  return shaped([`${when} ${level.padEnd(5)} ${from}${message}`, rest].filter(Boolean).join("  "), look, level);
}

const usualWidth = 80;
/** Room for some words behind the indent. */
const leastWidth = 40;
/** More of one line nobody reads at a terminal. */
const mostChars = 8_192;
/** Behind `01-31 14:05:09 info  `. */
const indent = 21;
const timeChars = 14;
const levelEnd = 20;

/** Month and day, for it may be days ago. */
function stamp(at: number): string {
  if (at === 0) return "?".padEnd(timeChars);
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(time.getMonth() + 1)}-${two(time.getDate())} ${time.toTimeString().slice(0, 8)}`;
}

function shaped(text: string, { columns, colour }: LogLook, level = ""): readonly string[] {
  const lines = columns === null ? [text] : wrapped(shortened(text), columns, indent).flatMap((line) => cut(line, columns));
  const [first = "", ...more] = lines;
  if (!colour) return lines;
  const paint = (format: Parameters<typeof styleText>[0], part: string) => styleText(format, part, { validateStream: false });
  const head = `${paint("gray", first.slice(0, timeChars))}${paint(shades[level] ?? "white", first.slice(timeChars, levelEnd))}`;
  return [`${head}${first.slice(levelEnd)}`, ...more];
}

const shades: Readonly<Record<string, "gray" | "green" | "yellow" | "red">> = {
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
};

/** A word longer than the line: an address, a name. */
function cut(line: string, columns: number): readonly string[] {
  const lines = [line.slice(0, columns)];
  const width = Math.max(columns - indent, 1);
  for (let at = columns; at < line.length; at += width) lines.push(" ".repeat(indent) + line.slice(at, at + width));
  return lines;
}

function shortened(text: string): string {
  if (text.length <= mostChars) return text;
  return `${text.slice(0, mostChars)} … (${text.length - mostChars} more letters: --json shows them)`;
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
