import { z } from "zod";
import { Failure } from "../core/failures.ts";
import { shownAddress, tidyAddress, versioned } from "../model/address.ts";

/** A model server that answered. */
export interface ModelServer {
  /** The address that works: with `/v1` where it was missing. */
  readonly baseUrl: string;
  readonly models: readonly string[];
}

/** A server that is loading a model may take a while to list it. */
const answerMs = 10_000;

/**
 * Asks a server for its models: at the address as it is and with `/v1`. Throws `model.unreachable` or `model.refused` with the mend;
 * `keyPlace` is what its key is set under, `hasFlag` the option of a command that takes one.
 */
export async function findModels(
  given: string,
  apiKey: string | null,
  signal: AbortSignal,
  keyPlace = "model.api_key",
  hasFlag: "--api-key" | null = null,
): Promise<ModelServer> {
  const keyAdvice = `${hasFlag === null ? "Set the server's key" : `Give the server's key with ${hasFlag}, or set it`}: \`hermes config set ${keyPlace}\`.`;
  const tidy = tidyAddress(given);
  let told: Failure | null = null;
  for (const baseUrl of addressesOf(tidy)) {
    try {
      return { baseUrl, models: await listModels(baseUrl, apiKey, signal, keyAdvice) };
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      // What is at the address that was given says more than what is beside it.
      if (baseUrl === tidy || told === null) told = thrown;
      // A refused key or connection won't be better one path further.
      if (thrown.code !== "model.broken") throw thrown;
    }
  }
  throw told ?? new Failure("model.unreachable", `${given} is no address.`);
}

/**
 * As it is, tidied; and, where it is missing, with `/v1`. That comes first behind a bare host: some servers list their models there too,
 * but have not all endpoints there.
 */
function addressesOf(tidy: string): string[] {
  const better = versioned(tidy);
  if (better === null) return [tidy];
  return new URL(tidy).pathname === "/" ? [better, tidy] : [tidy, better];
}

async function listModels(baseUrl: string, apiKey: string | null, signal: AbortSignal, keyAdvice: string): Promise<string[]> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const response = await fetch(`${baseUrl}/models`, {
    headers: { authorization: `Bearer ${apiKey ?? "none"}`, ...anthropicHeaders(apiKey) },
    signal: within,
  }).catch((thrown: unknown) => {
    throw unreachable(baseUrl, thrown);
  });
  const text = await response.text().catch(() => "");
  if (response.status === 401 || response.status === 403) {
    throw new Failure(
      "model.refused",
      `${shownAddress(baseUrl)} ${apiKey === null ? "wants a key" : "refuses the key"} (${response.status}).`,
      { advice: keyAdvice },
    );
  }
  const ids = response.ok ? idsIn(text) : null;
  if (ids !== null) return ids;
  throw new Failure(
    "model.broken",
    `${shownAddress(baseUrl)}/models answers ${response.status}, and not with a list of models.`,
    {
      advice: "Give the address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1.",
    },
  );
}

/** Anthropic's own API takes its key under this name alone; others don't mind. */
function anthropicHeaders(apiKey: string | null): Record<string, string> {
  return apiKey === null ? {} : { "x-api-key": apiKey, "anthropic-version": "2023-06-01" };
}

const listSchema = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

function idsIn(text: string): string[] | null {
  try {
    const ids = listSchema.parse(JSON.parse(text)).data.map((model) => model.id);
    // Names are printed at a terminal.
    return ids.filter((id) => !/\p{Cc}/u.test(id));
  } catch {
    return null;
  }
}

function unreachable(baseUrl: string, thrown: unknown): Failure {
  const advice = "See that it runs and listens on that address; from a container, 127.0.0.1 is the container itself.";
  const scheme = baseUrl.startsWith("https:") ? "If the server has no TLS, write http://. " : "";
  return new Failure("model.unreachable", `no model server answers at ${new URL(baseUrl).origin} (${reasonOf(thrown)}).`, {
    advice: `${scheme}${advice}`,
    cause: thrown,
  });
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === "TimeoutError") return `nothing came within ${answerMs / 1_000} s`;
  const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
