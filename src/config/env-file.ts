import { parseEnv } from "node:util";
import { Failure } from "../core/failures.ts";
import type { Finding } from "./findings.ts";

/** What a `.env` file sets, and the lines that set nothing. */
export interface EnvContent {
  readonly values: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/;

/** Reads the text of a `.env` file. */
export function parseEnvText(text: string, file: string): EnvContent {
  const clean = text.replace(/^\uFEFF/, "");
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(clean))) if (value !== undefined) values[name] = value;
  return { values, findings: spansLines(values) ? [] : strayLines(clean, file) };
}

/** The text with one variable set (or removed, with null); other lines stay as they are. */
export function editEnvText(text: string, name: string, value: string | null): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const line = value === null ? [] : [`${name}=${quoted(value)}`];
  const isIt = (candidate: string): boolean => assignment.exec(candidate)?.[1] === name;
  const first = lines.findIndex(isIt);
  const kept = lines.flatMap((candidate, index) => (isIt(candidate) ? (index === first ? line : []) : [candidate]));
  const edited = first === -1 ? [...kept, ...line] : kept;
  return edited.length === 0 ? "" : `${edited.join("\n")}\n`;
}

/** A quoted value may run over several lines, which then look stray although they are not. */
function spansLines(values: Readonly<Record<string, string>>): boolean {
  return Object.values(values).some((value) => value.includes("\n"));
}

function strayLines(text: string, file: string): Finding[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "" || line.trim().startsWith("#") || assignment.test(line)) return [];
    return [
      {
        severity: "warning",
        key: null,
        message: `${file} line ${index + 1} is not NAME=value, so it sets nothing.`,
        mend: "Correct the line, or put # before it.",
      },
    ];
  });
}

/** Plain where that is unambiguous; otherwise in the first kind of quotes that the value doesn't contain. */
function quoted(value: string): string {
  if (/^[\w./:@+,=-]*$/.test(value)) return value;
  const quote = ["'", '"', "`"].find((mark) => !value.includes(mark));
  // Double quotes turn \n into a line break, so a backslash needs another kind.
  if (quote === undefined || (quote === '"' && value.includes("\\")))
    throw new Failure("config.invalid", "the value mixes all kinds of quotes.", { advice: "Write it into .env with an editor." });
  return `${quote}${value}${quote}`;
}
