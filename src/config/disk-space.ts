import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** A home takes some 40 MB to begin with; below this, a failure to write is most likely the disk's. */
const scarceBytes = 64 * 1024 * 1024;

/** One sentence for whoever could not write there, where the disk has next to no room; null where it has. */
export async function scarcity(directory: string): Promise<string | null> {
  const bytes = await freeBytes(directory);
  if (bytes === null || bytes >= scarceBytes) return null;
  const left = bytes < 1024 * 1024 ? `${Math.floor(bytes / 1024)} KB` : `${Math.floor(bytes / 1024 / 1024)} MB`;
  return `The disk of ${directory} has only ${left} left: make room on it, then try again.`;
}

/** What this account may still write there; of a directory that is not there, where it would be made. */
export async function freeBytes(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return dirname(directory) === directory ? null : await freeBytes(dirname(directory));
  }
}
