import { redact } from "../core/redact.ts";

/**
 * Something odd in the configuration. An `error` is a value that can't be used; a `warning` one that may not do
 * what is hoped.
 */
export interface Finding {
  readonly severity: "error" | "warning";
  /** The key or variable, as it was written; null when it concerns a whole file. */
  readonly key: string | null;
  /** What is wrong: one line without secrets. */
  readonly message: string;
  /** What to do about it: one line. */
  readonly mend: string;
}

/** A finding as one line. */
export function findingLine(finding: Finding): string {
  return `${finding.message} ${finding.mend}`;
}

/** A key's value as text: lists with commas. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(",");
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** A value as a finding may show it: short, on one line, without secrets. */
export function shown(value: unknown, secret: boolean): string {
  if (secret) return "a value that is not shown";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const line = redact(JSON.stringify(value) ?? "nothing");
  return line.length > 60 ? `${line.slice(0, 57)}…"` : line;
}
