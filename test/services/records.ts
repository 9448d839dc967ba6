import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { migrations } from "../../src/store/migrations/index.ts";
import { announce, quickFolder, since, temporaryFolder } from "./processes.ts";

const run = promisify(execFile);

/** A directory with an embedded record: with the tables of now and nothing in them, as a first start leaves it, or with no table at all. */
export interface RecordFolder extends Disposable {
  readonly path: string;
}

type Contents = "no tables" | "empty tables";

/** Made once and then copied: that takes a tenth of making one, which has tests of its own. */
export async function recordFolder(contents: Contents): Promise<RecordFolder> {
  const folder = temporaryFolder("record", quickFolder());
  const path = join(folder.path, "data");
  await run("cp", ["-a", "--reflink=auto", await (made[contents] ??= template(contents)), path]);
  return { path, [Symbol.dispose]: () => folder.remove() };
}

const made: Partial<Record<Contents, Promise<string>>> = {};
/** Beside the images. */
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "hermes-team-test");

async function template(contents: Contents): Promise<string> {
  const kept = join(cache, `record-${contents.replace(" ", "-")}-${fingerprint()}`);
  if (existsSync(kept)) return kept;
  const start = Date.now();
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "new-record-"));
  await make(folder, contents);
  // Another test's process may have been faster: its record is as good.
  await rename(folder, kept).catch(() => rm(folder, { recursive: true, force: true }));
  announce(`made ${kept} (${since(start)}, once)`);
  return kept;
}

/** Loaded only here: the engine takes its time. */
async function make(directory: string, contents: Contents): Promise<void> {
  const [{ openDatabase }, { migrate }, { openQueues }] = await Promise.all([
    import("../../src/store/database.ts"),
    import("../../src/store/migrate.ts"),
    import("../../src/queue/index.ts"),
  ]);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const database = await openDatabase({ url: null, directory, log });
  try {
    if (contents === "no tables") return;
    await migrate(database.db, migrations);
    const backend = { kind: "postgres", pool: database.pool, workerPool: database.queuePool, exclusive: true } as const;
    await (await openQueues({ backend, prefix: "hermes", log })).close();
  } finally {
    await database.close();
  }
}

/** What such a record is made of; when one of these changes, another one is made. */
function fingerprint(): string {
  const versions = ["@electric-sql/pglite", "bullmq"].map((name) =>
    readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), "utf8"),
  );
  return createHash("sha256")
    .update(JSON.stringify([migrations, versions]))
    .digest("hex")
    .slice(0, 16);
}
