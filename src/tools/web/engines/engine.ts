import type { SearchHit } from "../../../core/tool.ts";

/** One search service: what it is asked, and how its answer is read. */
export interface Engine {
  /** As a person knows it. */
  readonly name: string;
  request(query: string, limit: number): EngineRequest;
  /** Throws where the text is no list of results. */
  hits(text: string, signal: AbortSignal): readonly SearchHit[] | Promise<readonly SearchHit[]>;
  /** What to do about an answer with this status; null: nothing that is known. */
  mend(status: number): string | null;
}

export interface EngineRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly body?: string;
}

/** An address below a service's own, which may have a path and may end in a slash. */
export function below(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(base.replace(/\/*$/, "") + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
