import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asFailure, Failure } from "../../src/core/failures.ts";
import { plainName } from "../kept-files.ts";

const nameChars = 120;

/** Puts a file where the home's owner finds it, and nobody else does; gives its path. The same post's file is put at the same place. */
export async function keepFile(home: string, post: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = filePath(home, post, name);
  try {
    await mkdir(join(home, "files"), { recursive: true, mode: 0o700 });
    await writeFile(path, bytes, { mode: 0o600 });
  } catch (thrown) {
    // A full disk may have room again; whoever waits is told of it by the log.
    throw new Failure("platform.unavailable", `${path} can't be written: ${asFailure(thrown).message}`, { cause: thrown });
  }
  return path;
}

/** Where a post's file is. */
export function filePath(home: string, post: string, name: string): string {
  return join(home, "files", `${post.replace("out-", "")}-${plainName(name, nameChars)}`);
}
