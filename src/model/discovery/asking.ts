import { APIError } from "openai";
import { rootOf } from "../address.ts";
import { isObject } from "../arguments.ts";
import type { Connection } from "../connection.ts";

/** What an endpoint said. `body` is null unless it is a JSON object that is no error: LM Studio answers unknown paths with 200 and an error. */
export interface Reply {
  /** Null: it did not answer at all. */
  readonly status: number | null;
  readonly body: Readonly<Record<string, unknown>> | null;
  /** The server's words when it answers with an error. */
  readonly error: string | null;
}

/** Questions to one server. None rejects. */
export interface Asking {
  /** The server's address, for its versioned API. */
  readonly address: string;
  /** Below the version: `/models`. */
  api(path: string): Promise<Reply>;
  /** Below the server's root: `/props`. */
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
}

/** A server on the same machine or network answers such questions at once, or within this while it works. */
const probeMs = 2_000;

/** Questions that are given up together after two seconds, or when the signal says so. */
export function askAt(connection: Connection, address: string, signal: AbortSignal): Asking {
  const until = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
  const root = rootOf(address);
  return {
    address,
    api: (path) => settled(() => connection.get(address, path, until)),
    get: (path) => settled(() => connection.get(root, path, until)),
    post: (path, body) => settled(() => connection.post(root, path, body, until)),
  };
}

async function settled(question: () => Promise<unknown>): Promise<Reply> {
  try {
    const body = await question();
    if (!isObject(body)) return { status: 200, body: null, error: null };
    const error = body["error"];
    return error === undefined || error === null
      ? { status: 200, body, error: null }
      : { status: 200, body: null, error: words(error) };
  } catch (thrown) {
    if (!(thrown instanceof APIError) || thrown.status === undefined) return { status: null, body: null, error: null };
    return { status: thrown.status, body: null, error: words(thrown.error) };
  }
}

function words(error: unknown): string {
  if (typeof error === "string") return error;
  const message = isObject(error) ? error["message"] : undefined;
  return typeof message === "string" ? message : "";
}
