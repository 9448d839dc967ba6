/** A line of a log file. */
export interface LogEntry {
  /** Epoch milliseconds; a line that is no JSON has the time of the one before it. */
  readonly at: number;
  /** The line's fields; null where it is no JSON: a torn line, or something that another program wrote. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly line: string;
  /** The file's name without `.log`: which kind of process wrote it. */
  readonly from: string;
}

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Which lines are wanted. */
export interface LogFilter {
  readonly turn: string | null;
  /** This one and worse. */
  readonly level: LogLevel | null;
  /** Epoch milliseconds. */
  readonly since: number | null;
}

/** The fields of a line; null where it is no JSON object. */
export function fieldsOf(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

/** When a line was written, in epoch milliseconds; null where it doesn't tell. */
export function timeOf(fields: LogEntry["fields"]): number | null {
  const time = fields?.["time"];
  const at = typeof time === "number" ? time : typeof time === "string" ? Date.parse(time) : NaN;
  return Number.isFinite(at) ? at : null;
}

/** Whether an entry is wanted. What has no fields belongs to no turn and has no level. */
export function matches(entry: LogEntry, { turn, level, since }: LogFilter): boolean {
  if (since !== null && entry.at < since) return false;
  if (turn !== null && !isOf(entry.fields, turn)) return false;
  return level === null || levelOf(entry.fields) >= logLevels.indexOf(level);
}

/** A turn by its id, or its beginning as a person copies it. */
function isOf(fields: LogEntry["fields"], turn: string): boolean {
  const own = fields?.["turn"];
  return typeof own === "string" && own.startsWith(turn);
}

function levelOf(fields: LogEntry["fields"]): number {
  return logLevels.findIndex((level) => level === fields?.["level"]);
}
