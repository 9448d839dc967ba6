import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { access, cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

/**
 * Makes `directory` a database cluster if it isn't one yet; the caller holds the home. A first cluster takes two seconds and most of a
 * gigabyte, so another process makes it; a copy beside the packages serves later homes (a test's, a second bot's) in a tenth of that.
 * The directory appears only when complete.
 */
export async function ensureCluster(directory: string, signal: AbortSignal): Promise<void> {
  if (await exists(join(directory, "PG_VERSION"))) return;
  const fresh = `${directory}.new`;
  await rm(fresh, { recursive: true, force: true });
  const template = await templateDirectory();
  if (!(await copied(template, fresh))) {
    await initialise(fresh, signal);
    await keepTemplate(fresh, template);
  }
  await rename(fresh, directory);
}

/** Makes a cluster in this process: what the other process runs, which is why nothing here imports it. @public */
export async function createCluster(directory: string): Promise<void> {
  // WAL in pieces of 1 MB keeps a quiet database at 30 MB on disk; nothing must survive a power cut before the rename.
  const db = await PGlite.create(directory, { initDbStartParams: ["--wal-segsize=1", "--no-sync"] });
  await db.close();
}

async function initialise(directory: string, signal: AbortSignal): Promise<void> {
  const program = `import { createCluster } from ${JSON.stringify(import.meta.url)}; await createCluster(process.argv[1]);`;
  const child = spawn(process.execPath, ["--liftoff-only", "--input-type=module", "--eval", program, directory], {
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-complaintChars)));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the first initialisation failed: ${complaint.trim() || `exit code ${String(code)}`}`);
}

/** Enough of the child's last words for a log. */
const complaintChars = 2_000;

/** Named by the engine's version: another engine may read other files. Null: the engine can't be found on disk. */
async function templateDirectory(): Promise<string> {
  const engine = dirname(dirname(fileURLToPath(import.meta.resolve("@electric-sql/pglite"))));
  const manifest: unknown = JSON.parse(await readFile(join(engine, "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
  return join(dirname(dirname(engine)), ".cache", "hermes-team", `cluster-${version}`);
}

async function copied(from: string, to: string): Promise<boolean> {
  if (!(await exists(join(from, "PG_VERSION")))) return false;
  try {
    await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return true;
  } catch {
    await rm(to, { recursive: true, force: true });
    return false; // Removed meanwhile, or unreadable: make a new one.
  }
}

/** Only a help for later: packages may well be installed where this account can't write. */
async function keepTemplate(fresh: string, template: string): Promise<void> {
  const part = `${template}.${process.pid}`;
  try {
    await mkdir(dirname(template), { recursive: true });
    await cp(fresh, part, { recursive: true, mode: constants.COPYFILE_FICLONE });
    await rename(part, template);
  } catch {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
