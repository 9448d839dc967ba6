import { isSecretName, redact } from "../core/redact.ts";

/** A log line must stay a line: longer texts are cut, deeper or longer structures too. */
const mostChars = 4_000;
const mostItems = 50;
const mostDepth = 5;

/** Fields as they may be logged: plain JSON of bounded size, secrets hidden, errors with their cause. Never throws. */
export function loggable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return entries(fields, 0);
}

function entries(value: object, depth: number): Record<string, unknown> {
  const names = Object.keys(value).slice(0, mostItems);
  return Object.fromEntries(names.map((name) => [name, isSecretName(name) ? "[hidden]" : clean(read(value, name), depth + 1)]));
}

/** Getters may throw. */
function read(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return "[unreadable]";
  }
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return short(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return value;
  if (depth > mostDepth) return "[deeper]";
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof URL) return short(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => clean(item, depth + 1));
  return entries(value, depth);
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { cause } = error;
  return {
    type: error.name,
    ...("code" in error && error.code !== undefined ? { code: clean(error.code, depth + 1) } : {}),
    message: short(error.message),
    ...(error.stack === undefined ? {} : { stack: short(error.stack) }),
    ...(cause === undefined ? {} : { cause: clean(cause, depth + 1) }),
  };
}

function short(text: string): string {
  return redact(text.length > mostChars ? `${text.slice(0, mostChars)}… (${text.length} characters)` : text);
}
