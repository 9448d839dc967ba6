import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

const chunkBytes = 64 * 1024;
/** No line of ours is longer; a file of another program may be one line. */
const longestLine = 1024 * 1024;
/** Lines of a packed file that are kept while it is read from its beginning. */
const mostUnpacked = 200_000;
const newline = 0x0a;

/** The lines of a file, last first. `upTo` bytes of it are read, however long it has grown. */
export async function* linesBackwards(handle: FileHandle, upTo: number): AsyncGenerator<string> {
  let end = upTo;
  let rest: Buffer[] = [];
  let held = 0;
  let left = 0;
  const take = (): string => {
    const line = left > 0 ? leftOut(left + held) : Buffer.concat(rest).toString("utf8");
    [rest, held, left] = [[], 0, 0];
    return line;
  };
  let first = true;
  while (end > 0) {
    const size = Math.min(chunkBytes, end);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, end - size);
    // Cut short meanwhile: what was to come before is still there.
    const chunk = buffer.subarray(0, bytesRead);
    end -= size;
    let to = chunk.length;
    for (let at = chunk.lastIndexOf(newline, to - 1); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(newline, at - 1)) {
      rest.unshift(chunk.subarray(at + 1, to));
      const line = take();
      // Behind the last line's end there is nothing.
      if (!first || line !== "") yield line;
      first = false;
      to = at;
    }
    if (held + to > longestLine) {
      left += held + to;
      [rest, held] = [[], 0];
    } else {
      rest.unshift(chunk.subarray(0, to));
      held += to;
    }
  }
  if (held > 0 || left > 0) yield take();
}

/** The last lines of a packed file, last first: it can be read from its beginning only. */
export async function packedLinesBackwards(file: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let rest = "";
  try {
    const gunzip = createGunzip();
    // Hands on what goes wrong with the file, too; it is caught below.
    pipeline(createReadStream(file), gunzip, () => undefined);
    const unpacked: AsyncIterable<Buffer> = gunzip;
    const text = new TextDecoder();
    for await (const chunk of unpacked) {
      const parts = (rest + text.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      if (rest.length > longestLine) rest = leftOut(rest.length);
      for (const part of parts) lines.push(part);
      if (lines.length > 2 * mostUnpacked) lines.splice(0, lines.length - mostUnpacked);
    }
  } catch {
    // Torn or no archive at all: what could be read is shown.
  }
  if (rest !== "") lines.push(rest);
  return lines.slice(-mostUnpacked).toReversed();
}

/** Opens a file; null when it has gone, or may not be read. */
export async function openQuietly(file: string): Promise<FileHandle | null> {
  return await open(file, "r").catch(() => null);
}

function leftOut(bytes: number): string {
  return `(a line of ${Math.round(bytes / 1024)} KB is left out)`;
}
