import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A method's arguments, as they came. */
export type Params = Readonly<Record<string, unknown>>;

/** What the Bot API answers with `ok: false`. */
export class Refusal extends Error {
  readonly code: number;
  readonly parameters: Readonly<Record<string, number>> | null;

  constructor(code: number, description: string, parameters: Readonly<Record<string, number>> | null = null) {
    super(description);
    this.name = "Refusal";
    this.code = code;
    this.parameters = parameters;
  }
}

/** A bad request, in the API's words. */
export function bad(description: string): Refusal {
  return new Refusal(400, `Bad Request: ${description}`);
}

/** Reads the arguments from the query and a JSON or form body. */
export async function readParams(request: IncomingMessage, query: URLSearchParams): Promise<Params> {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("multipart/")) return await readMultipart(request, type);
  const text = await readBody(request);
  const fromQuery = Object.fromEntries(query);
  if (text === "") return fromQuery;
  const form = /urlencoded/.test(type);
  const body: unknown = form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
  return { ...fromQuery, ...record(body) };
}

/** A file that came with a request. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A form with files; a field that says `attach://PART` is that part. Names of files come without quotes from grammY, as Telegram takes them. */
async function readMultipart(request: IncomingMessage, type: string): Promise<Params> {
  const body = await readBody(request, "latin1");
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? "";
  const fields = new Map<string, string | Upload>();
  for (const part of body.split(`--${boundary}`).slice(1, -1)) {
    const end = part.indexOf("\r\n\r\n");
    const [head, content] = [utf8(part.slice(0, end)), part.slice(end + 4, -2)];
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? "";
    const file = /filename="?([^"\r\n]*)/.exec(head)?.[1];
    fields.set(name, file === undefined ? utf8(content) : { name: file, bytes: Buffer.from(content, "latin1") });
  }
  const read = (value: string | Upload) =>
    typeof value === "string" && value.startsWith("attach://") ? fields.get(value.slice("attach://".length)) : value;
  return Object.fromEntries([...fields].map(([name, value]) => [name, read(value)]));
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

export async function readBody(request: IncomingMessage, encoding: "utf8" | "latin1" = "utf8"): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are buffers
  return Buffer.concat(parts).toString(encoding);
}

/** Resolves when the bytes have left the process, or the other side is gone. */
export async function reply(response: ServerResponse, status: number, body: unknown, type = "application/json"): Promise<void> {
  if (response.destroyed) return;
  const gone = once(response, "close");
  response.writeHead(status, { "content-type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
  await gone;
}

export function refusalBody({ code, message, parameters }: Refusal): unknown {
  return { ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) };
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

/** A whole number, or undefined where there is none. */
export function whole(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/** A menu by its scope, chat and language; without a scope it is the default one. */
export function menuKey({ scope, language_code: language }: Params): string {
  const { type, chat_id: chat } = record(scope ?? { type: "default" });
  return [type, chat, language].filter((part) => part !== undefined && part !== "").join(":");
}
