import { styleText } from "node:util";

/** Fields that every line has, and that say nothing to a reader at the terminal. */
const ordinary = new Set(["level", "time", "pid", "msg"]);
const colours = { debug: "gray", info: "green", warn: "yellow", error: "red" } as const;

/** A JSON log line as a person reads it: time, level when it matters, message, `name=value`. */
export function prettyLine(json: string, colour: boolean): string {
  const fields = parsed(json);
  if (fields === null) return json;
  const { level, message, rest } = logParts(fields);
  const time = new Date(String(fields["time"])).toTimeString().slice(0, 8);
  const label = level.padEnd(5);
  const shade = isLevel(level) ? colours[level] : "white";
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return `${[paint("gray", time), paint(shade, label), message, paint("gray", rest)].join(" ").trimEnd()}\n`;
}

/** What a person reads of a line: its level, its message, and its other fields as `name=value`. Nothing in them steers a terminal. */
export function logParts(fields: Readonly<Record<string, unknown>>): { level: string; message: string; rest: string } {
  const { turn, session, ...others } = fields;
  const named = Object.entries(others).filter(([name]) => !ordinary.has(name));
  // Last, and as much of an id as tells it from others; a turn tells its session.
  const about = turn === undefined ? { session } : { turn };
  const ids = Object.entries(about).flatMap(([name, id]) => (id === undefined ? [] : [[name, shortId(id)] as const]));
  const rest = [...named, ...ids].map(([name, value]) => `${oneLine(name)}=${shortValue(value)}`);
  return { level: wordsOf(fields["level"]), message: wordsOf(fields["msg"]), rest: rest.join(" ") };
}

/** `hermes logs --turn` takes the beginning of an id. */
function shortId(id: unknown): unknown {
  return typeof id === "string" && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? id.slice(0, 8) : id;
}

function wordsOf(value: unknown): string {
  return oneLine(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}

function isLevel(level: string): level is keyof typeof colours {
  return level in colours;
}

function shortValue(value: unknown): string {
  // An error's stack is in the file; here its message is enough.
  if (typeof value === "object" && value !== null && "message" in value) return oneLine(JSON.stringify(value.message) ?? "");
  const text = oneLine(typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined"));
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Control characters in a field must not steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
