import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A method's arguments, as they came. */
export type Params = Readonly<Record<string, unknown>>;

/** A request as it came, and how it was answered. */
export interface SlackCall {
  readonly method: string;
  readonly params: Params;
  /** Epoch milliseconds. */
  readonly at: number;
  /** `ok`, the error, or empty while it is not answered. */
  result: string;
}

/** What the Web API answers with `ok: false`. */
export class SlackRefusal extends Error {
  readonly error: string;
  /** Of a 429, in seconds; null for all others. */
  readonly retryAfter: number | null;

  constructor(error: string, retryAfter: number | null = null) {
    super(error);
    this.name = "SlackRefusal";
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** Reads the arguments from the query and a form or JSON body, as the Web API takes them. Multipart bodies are left as they are. */
export async function readArguments(request: IncomingMessage, query: URLSearchParams): Promise<Params> {
  const text = (await readBytes(request)).toString("utf8");
  const form = /urlencoded/.test(request.headers["content-type"] ?? "");
  const body: unknown = text === "" ? {} : form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
  return { ...Object.fromEntries(query), ...record(body) };
}

export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are buffers
  return Buffer.concat(parts);
}

/** Resolves when the bytes have left the process, or the other side is gone. */
export async function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json; charset=utf-8" },
): Promise<void> {
  if (response.destroyed) return;
  const gone = once(response, "close");
  response.writeHead(status, headers);
  response.end(body);
  await gone;
}

/** Any value as an object; what is none has no fields. A form's value is JSON text. */
export function record(value: unknown): Params {
  if (typeof value === "string" && value.startsWith("{")) return record(JSON.parse(value));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Params) : {}; // checked on this line
}

export function list(value: unknown): readonly unknown[] {
  if (typeof value === "string" && value.startsWith("[")) return list(JSON.parse(value));
  return Array.isArray(value) ? value : [];
}

export function words(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The headers Slack signs a request with. */
export function signed(secret: string, body: string, at = Math.floor(Date.now() / 1_000)): Readonly<Record<string, string>> {
  const digest = createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex");
  return { "x-slack-request-timestamp": String(at), "x-slack-signature": `v0=${digest}` };
}
