import { Failure } from "../src/core/failures.ts";
import { sizeWords } from "../src/core/size-words.ts";
import type { PageFiles } from "./web/options.ts";

/** The bytes of a file that came with a message, from where the page's and the terminals' are kept. */
export async function keptFile(files: Pick<PageFiles, "read">, ref: string, limitBytes: number): Promise<Uint8Array> {
  const found = await files.read(ref);
  if (!found) throw new Failure("platform.refused", "it is not kept any more");
  if (found.bytes.length > limitBytes) throw new Failure("platform.refused", `it is larger than ${sizeWords(limitBytes)}`);
  return found.bytes;
}

/** A file's name as it can be shown, and be one on a disk; of a long one the end. */
export function plainName(name: string, mostChars: number): string {
  return name
    .replaceAll(/[\p{Cc}\p{Cf}/\\]/gu, "_")
    .slice(-mostChars)
    .toWellFormed();
}
