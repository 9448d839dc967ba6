import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Failure } from "../../core/failures.ts";

/** What this side can unpack. */
export const acceptEncoding = "gzip, br";

/**
 * A body, unpacked, and counted as it grows: what unpacks to more than the limit is given up at the limit, however small it came.
 * `tick` is called whenever something has come. Throws `web.failed`.
 */
export async function readBody(source: Readable, encoding: string, limit: number, tick: () => void): Promise<Uint8Array> {
  const unpack = unpacker(encoding);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const piece of pieces) {
      size += piece.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(piece);
    }
  };
  async function* heard(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      tick();
      yield piece;
    }
  }
  await (unpack === null ? pipeline(source, heard, collect) : pipeline(source, heard, unpack, collect));
  return Buffer.concat(chunks);
}

/** Says how much would have been too much. */
export function tooLarge(limit: number): Failure {
  return new Failure("web.failed", `It is larger than the ${Math.round(limit / 1024 / 1024)} MB that are read of such a page.`);
}

function unpacker(encoding: string): Transform | null {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      throw new Failure("web.failed", `It is packed in a way that can't be unpacked here (${encoding.slice(0, 40)}).`);
  }
}
