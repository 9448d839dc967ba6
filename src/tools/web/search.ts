import { z } from "zod";
import { Failure } from "../../core/failures.ts";
import type { SearchHit } from "../../core/tool.ts";
import { allowing } from "../../sandbox/guard/allowance.ts";
import { type Fetched, guardedFetch } from "../../sandbox/guard/fetch.ts";
import { hostOf } from "../../sandbox/guard/target.ts";
import type { Engine, EngineRequest } from "./engines/engine.ts";

const answerBytes = 2 * 1024 * 1024;
const searchMs = 20_000;
/** One result must not fill the window. */
const longest = { title: 200, snippet: 500 } as const;

/** Asks an engine. Throws `web.failed` with the mend; no message holds a key. */
export async function searchWith(
  engine: Engine,
  query: string,
  limit: number,
  signal: AbortSignal,
): Promise<readonly SearchHit[]> {
  const answer = await asked(engine, engine.request(query, limit), signal);
  if (answer.status !== 200) throw failed(engine, statusWords(answer.status), engine.mend(answer.status));
  const hits = await resultsIn(engine, new TextDecoder().decode(answer.body), signal);
  return hits
    .filter(({ url }) => /^https?:\/\//i.test(url))
    .slice(0, limit)
    .map(({ title, url, snippet }) => ({
      title: brief(title, longest.title) || url,
      url,
      snippet: brief(snippet, longest.snippet),
    }));
}

async function asked(engine: Engine, request: EngineRequest, signal: AbortSignal): Promise<Fetched> {
  const { url, headers, body } = request;
  try {
    return await guardedFetch(url, {
      // Who runs this has named the service, so it may be on the team's own network or this machine; where it redirects to may not.
      allowance: allowing([hostOf(new URL(url))]),
      signal,
      limit: () => answerBytes,
      headers,
      totalMs: searchMs,
      ...(body === undefined ? {} : { method: "POST", body }),
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    throw failed(engine, thrown.message, null);
  }
}

async function resultsIn(engine: Engine, text: string, signal: AbortSignal): Promise<readonly SearchHit[]> {
  try {
    return await engine.hits(text, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const strange = thrown instanceof SyntaxError || thrown instanceof z.ZodError;
    throw failed(engine, strange ? "its answer is no list of results." : String(thrown), null);
  }
}

function failed(engine: Engine, what: string, mend: string | null): Failure {
  const advice = mend ?? "Try again later, or go on with what you know.";
  return new Failure("web.failed", `${engine.name} could not search: ${what} ${advice}`);
}

function statusWords(status: number): string {
  if (status === 429) return "it was asked too often (429).";
  return status >= 500 ? `it is in trouble (${status}).` : `it refused (${status}).`;
}

function brief(text: string, limit: number): string {
  const line = text
    .replaceAll(/<\/?(?:b|strong|em)>/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).toWellFormed()}…`;
}
