import type { Log } from "../../src/core/log.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { freshDatabase } from "../services/postgres.ts";
import { recordFolder } from "../services/records.ts";

/** An empty place for a database; `open` may be called again after a close, and on Postgres any number of times at once. */
export interface Place extends AsyncDisposable {
  readonly url: string | null;
  readonly directory: string;
  open(): Promise<Database>;
}

/** Both forms of the record, by name: every contract test runs over each. */
export const forms: Readonly<Record<Database["kind"], () => Promise<Place>>> = {
  async embedded() {
    const folder = await recordFolder("no tables");
    return place(null, folder.path, async () => folder[Symbol.dispose]());
  },
  async postgres() {
    const database = await freshDatabase();
    return place(database.url, "/nowhere", async () => await database[Symbol.asyncDispose]());
  },
};

/** The same for tests of what is in the tables: to migrate the embedded form takes nothing any more. */
export const readyForms: typeof forms = {
  async embedded() {
    const folder = await recordFolder("empty tables");
    return place(null, folder.path, async () => folder[Symbol.dispose]());
  },
  postgres: forms.postgres,
};

function place(url: string | null, directory: string, remove: () => Promise<void>): Place {
  const opened: Database[] = [];
  return {
    url,
    directory,
    async open() {
      const database = await openDatabase({ url, directory, log: silent });
      opened.push(database);
      return database;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((database) => database.close()));
      await remove();
    },
  };
}

/** A log that keeps nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
