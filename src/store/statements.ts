import { storable } from "./storable.ts";

/** A statement as `pg` takes it; with a name, the server parses and plans it once a connection. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
  readonly name?: string;
}

/** Our statements are some eighty; lists of varying length make more, and those stay without names. */
const mostNamed = 200;
/** The plan of a `*` breaks when another process adds a column. */
const star = /\b(?:select|returning) (?:"?\w+"?\.)?\*/;

/**
 * Names statements, so that the hot path's are planned once: half of their time. Names tell connections apart, since those of the
 * embedded database share one session.
 */
export function createStatements(): { of(client: object, text: string, values: unknown[]): Statement } {
  const numbers = new Map<string, number>();
  const clients = new WeakMap<object, number>();
  let lastClient = 0;
  return {
    of(client, text, given) {
      const values = storable(given);
      // Without parameters it may be several statements (a migration), which can't have a name.
      if (values.length === 0 || star.test(text)) return { text, values };
      const number = numbers.get(text) ?? numbers.size;
      if (number >= mostNamed) return { text, values };
      numbers.set(text, number);
      const owner = clients.get(client) ?? (lastClient += 1);
      clients.set(client, owner);
      return { text, values, name: `h${owner}_${number}` };
    },
  };
}
