import { APIError } from "openai";
import { rootOf, versioned } from "../address.ts";
import { isObject } from "../arguments.ts";
import type { Connection } from "../connection.ts";
import type { ApiMode } from "../settings.ts";
import { modeOfAddress } from "./hosts.ts";
import { modes } from "./index.ts";

/**
 * The mode to use at an address: told by well-known hosts and paths, else chat completions where that endpoint is, else the first of the
 * others that is there. Nothing is generated: the endpoints are asked with an empty body, which they refuse. Never rejects.
 */
export async function detectMode(connection: Connection, address: string, signal: AbortSignal): Promise<ApiMode> {
  const told = modeOfAddress(address);
  if (told !== null) return told;
  if (await speaks(connection, address, "chat_completions", signal)) return "chat_completions";
  const other = await otherMode(connection, address, signal);
  return other === "none" || other === "unknown" ? "chat_completions" : other;
}

/** The first of the other modes that a server without chat completions speaks; `unknown`: it did not answer. Never rejects. */
export async function otherMode(
  connection: Connection,
  address: string,
  signal: AbortSignal,
): Promise<ApiMode | "none" | "unknown"> {
  let silent = false;
  for (const mode of ["responses", "anthropic_messages"] as const) {
    const there = await endpoint(connection, address, mode, signal);
    if (there === true) return mode;
    silent ||= there === null;
  }
  return silent ? "unknown" : "none";
}

/** Whether a server has this mode's endpoint. Never rejects. */
export async function speaks(connection: Connection, address: string, mode: ApiMode, signal: AbortSignal): Promise<boolean> {
  return (await endpoint(connection, address, mode, signal)) === true;
}

/** Null: it did not answer, or was not heard out. */
async function endpoint(connection: Connection, address: string, mode: ApiMode, signal: AbortSignal): Promise<boolean | null> {
  let silent = false;
  for (const base of bases(address, mode)) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const there = await connection.post(base, modes[mode].path, {}, limit).then(isEndpoint, refusesOnly);
    if (there === true) return true;
    silent ||= there === null;
  }
  return silent ? null : false;
}

/** An endpoint refuses an empty body at once. */
const answerMs = 3_000;

/** An address may lack its version; Anthropic's has none, and its client adds it. */
function bases(address: string, mode: ApiMode): readonly string[] {
  if (mode === "anthropic_messages") return [`${rootOf(address)}/v1`];
  const other = versioned(address);
  return other === null ? [address] : [address, other];
}

/** LM Studio answers unknown paths with 200 and an error; others with a page. */
function isEndpoint(body: unknown): boolean {
  return isObject(body) && !/unexpected endpoint/i.test(JSON.stringify(body["error"] ?? ""));
}

/** An endpoint that is there finds fault with the body, or with the key. */
function refusesOnly(thrown: unknown): boolean | null {
  if (!(thrown instanceof APIError)) return false;
  if (thrown.status === undefined) return null;
  if (thrown.status === 404) return /model/i.test(thrown.message);
  return thrown.status !== 405 && thrown.status !== 501;
}
