import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../core/failures.ts";

/** Replaces a file's text at once: a reader sees the old or the new, a crash leaves one of them. Readable by its owner only. */
export async function writeOwnFile(file: string, text: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeSynced(temporary, text);
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {});
    const why = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
    throw new Failure("config.invalid", `${file} can't be written (${why}); it is unchanged.`, {
      advice: "Make the directory writable and see that its disk has room.",
      cause: thrown,
    });
  }
}

/** A file's text; empty when there is none. */
export async function readOwnFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return "";
    throw new Failure("config.invalid", `${file} can't be read.`, { advice: "Make it a file that you may read.", cause: thrown });
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
