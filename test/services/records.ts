import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { migrations } from "../../src/store/migrations/index.ts";
import { announce, quickFolder, since, temporaryFolder } from "./processes.ts";

const run = promisify(execFile);

/**
 * Puts an embedded record with an up-to-date schema and nothing in it at `directory`, as a first start would leave it. It is made once and
 * then copied: a start on it costs half of one that makes its own, which has tests of its own.
 */
export async function readyRecord(directory: string): Promise<Disposable> {
  made ??= template();
  const folder = temporaryFolder("record", quickFolder());
  const record = join(folder.path, "data");
  await run("cp", ["-a", "--reflink=auto", await made, record]);
  await symlink(record, directory);
  return { [Symbol.dispose]: () => folder.remove() };
}

let made: Promise<string> | null = null;
/** Beside the images. */
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "hermes-team-test");

async function template(): Promise<string> {
  const kept = join(cache, `record-${fingerprint()}`);
  if (existsSync(kept)) return kept;
  const start = Date.now();
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "new-record-"));
  await make(folder);
  // Another test's process may have been faster: its record is as good.
  await rename(folder, kept).catch(() => rm(folder, { recursive: true, force: true }));
  announce(`made ${kept} (${since(start)}, once)`);
  return kept;
}

/** Loaded only here: the engine takes its time. */
async function make(directory: string): Promise<void> {
  const [{ openDatabase }, { migrate }, { openQueues }] = await Promise.all([
    import("../../src/store/database.ts"),
    import("../../src/store/migrate.ts"),
    import("../../src/queue/index.ts"),
  ]);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const database = await openDatabase({ url: null, directory, log });
  try {
    await migrate(database.db, migrations);
    const backend = { kind: "postgres", pool: database.pool, exclusive: true } as const;
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
