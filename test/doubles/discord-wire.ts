import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A JSON object as it came or goes. */
export type Body = Readonly<Record<string, unknown>>;

/** A file of a multipart request. */
export interface SentFile {
  readonly field: string;
  readonly name: string;
  readonly bytes: Buffer;
}

/** What the API answers besides success: an HTTP status and Discord's own code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly more: Body;

  constructor(status: number, code: number, message: string, more: Body = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

export const unknownChannel = (): Refusal => new Refusal(404, 10_003, "Unknown Channel");
export const unknownMessage = (): Refusal => new Refusal(404, 10_008, "Unknown Message");
export const unknownWebhook = (): Refusal => new Refusal(404, 10_015, "Unknown Webhook");
export const unknownInteraction = (): Refusal => new Refusal(404, 10_062, "Unknown interaction");
export const invalidForm = (why: string): Refusal =>
  new Refusal(400, 50_035, "Invalid Form Body", { errors: { _errors: [why] } });

/** A request's JSON, and its files where it is multipart (`payload_json` and `files[n]`). */
export async function readRequest(request: IncomingMessage): Promise<{ body: Body; files: readonly SentFile[] }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are buffers
  const bytes = Buffer.concat(parts);
  const type = request.headers["content-type"] ?? "";
  if (bytes.length === 0) return { body: {}, files: [] };
  if (!type.startsWith("multipart/form-data")) return { body: wrap(JSON.parse(bytes.toString("utf8"))), files: [] };
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
  const files: SentFile[] = [];
  for (const [field, value] of form) {
    if (typeof value !== "string") files.push({ field, name: value.name, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  const json = form.get("payload_json");
  return { body: wrap(typeof json === "string" ? JSON.parse(json) : {}), files };
}

/** Resolves when the bytes have left the process, or the other side is gone. */
export async function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (response.destroyed) return;
  const gone = once(response, "close");
  response.writeHead(status, status === 204 ? headers : { "content-type": "application/json", ...headers });
  response.end(status === 204 ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  await gone;
}

/** Any value as an object; what is none has no fields. */
export function record(value: unknown): Body {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : {}; // checked on this line
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A list as the field `list`, so that every body is an object. */
function wrap(value: unknown): Body {
  return Array.isArray(value) ? { list: value } : record(value);
}

const epoch = 1_420_070_400_000n;
let counter = 0n;

/** An id as Discord makes them: when it was made, and a count. */
export function snowflake(at: number = Date.now()): string {
  counter = (counter + 1n) % 4_096n;
  return String(((BigInt(Math.floor(at)) - epoch) << 22n) | (1n << 17n) | counter);
}
