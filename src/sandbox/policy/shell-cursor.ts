import type { Redirection, Word } from "./shell-tree.ts";

/** A here-document whose body comes after the line. */
export interface PendingHeredoc {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly stripTabs: boolean;
  /** The redirection it belongs to, completed when the body is read. */
  complete(body: Word): void;
}

/** Where the reader is in a text. */
export interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
  trouble: string | null;
  heredocs: PendingHeredoc[];
  /** How often it may still read a piece a second time. */
  returns: number;
}

/** A redirection whose target may still come. */
export type OpenRedirection = { -readonly [K in keyof Redirection]: Redirection[K] };

/** Nesting beyond this is nobody's honest command. */
const deepest = 60;

/** Begins to read a text. */
export function cursor(text: string, depth: number): Cursor {
  return { text, at: 0, depth, trouble: null, heredocs: [], returns: 8 };
}

/** Whether the text goes on with this. */
export function looksAt(at: Cursor, token: string): boolean {
  return at.text.startsWith(token, at.at);
}

/** Steps over the token if the text goes on with it. */
export function take(at: Cursor, token: string): boolean {
  if (!looksAt(at, token)) return false;
  at.at += token.length;
  return true;
}

/** Remembers the first trouble. */
export function stumble(at: Cursor, why: string): void {
  at.trouble ??= why;
}

/** Reads something one level deeper; gives up with `otherwise` where it is nested too deep. */
export function deeper<T>(at: Cursor, otherwise: T, read: () => T): T {
  if (at.depth >= deepest) {
    stumble(at, "it is nested too deep");
    at.at = at.text.length;
    return otherwise;
  }
  at.depth += 1;
  const result = read();
  at.depth -= 1;
  return result;
}
