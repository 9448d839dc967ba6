import type { SkillBundle, SkillOrigin, SkillReach } from "../../core/skill.ts";

/** A skill as a source gave it. */
export interface FoundSkill {
  readonly bundle: SkillBundle;
  readonly origin: SkillOrigin;
}

/** Where skills may come from, as the configuration says now. */
export interface SkillPlaces {
  /** Those that ship with this version. */
  readonly shipped: string;
  /** GitHub's API, or that of a server of the team's own. */
  readonly githubUrl: string;
  readonly githubToken: string | null;
  /** An index of skills; null: none is set. */
  readonly hubUrl: string | null;
}

/** What reading from a source needs. */
export interface Reading {
  readonly places: SkillPlaces;
  readonly fetch: SkillReach["fetch"];
  readonly repository: SkillReach["repository"];
  readonly signal: AbortSignal;
  /** Folders of this machine may be read: at the command line alone. */
  readonly local: boolean;
}

/** Archives of whole repositories. */
export const repositoryBytes = 24 * 1024 * 1024;
/** A single text or list. */
export const textBytes = 1024 * 1024;

/** Reads an address. Throws what a person can act on where it gives no page. */
export async function read(
  { fetch, signal }: Pick<Reading, "fetch" | "signal">,
  url: string,
  limit: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly body: Uint8Array; readonly url: string; readonly contentType: string }> {
  const answer = await fetch(url, { limit, signal, headers });
  if (answer.status === 200) return answer;
  const { host } = new URL(url);
  if (answer.status === 404) throw new Error(`${host} has nothing there (404): ${url}`);
  if (answer.status === 401 || answer.status === 403 || answer.status === 429)
    throw new Error(`${host} does not give it (${answer.status}): it is private, or too much was asked of it today.`);
  throw new Error(`${host} answered with ${answer.status}: ${url}`);
}
