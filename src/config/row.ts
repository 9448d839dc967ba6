import type { Kind } from "./kinds.ts";

/** When a change of a key counts. */
export type Effect = "restart" | "message" | "compression" | "conversation" | "use";

/** One row of the table of keys. */
export interface Key<T = unknown> {
  readonly kind: Kind<T>;
  /** Used when nothing sets the key, or when what is set can't be used: so always the safest choice. */
  readonly fallback: T | null;
  /** One line for the documentation. */
  readonly doc: string;
  /** The environment variable that sets it. */
  readonly env?: string;
  /** Other spellings accepted in config.yaml. */
  readonly aliases?: readonly string[];
  /** Never shown; `hermes config set` writes it to .env. */
  readonly secret?: true;
  /** Can't be set in config.yaml. */
  readonly environmentOnly?: true;
  /** Needed before any file is read, so only the environment itself can set it. */
  readonly early?: true;
  /** An empty environment variable is a value, not the lack of one. */
  readonly emptyCounts?: true;
  /** When a change counts; after a restart unless said. */
  readonly effect?: Effect;
  /** An owner or admin may change it by asking the agent: nothing that opens a door or sends words elsewhere. */
  readonly chat?: true;
}

type Extras = Omit<Key, "kind" | "fallback" | "doc">;

/** A row whose value's type and fallback's type are kept. */
export function row<T, const F extends T | null>(
  kind: Kind<T>,
  fallback: F,
  doc: string,
  extras: Extras = {},
): Key<T> & { fallback: F } {
  return { kind, fallback, doc, ...extras };
}
