/** Collects a command's output while it runs: the beginning and the end are kept, the middle is counted and dropped. */
export interface OutputCollector {
  push(chunk: Buffer): void;
  /** Bytes seen so far, kept or not. */
  readonly total: number;
  clear(): void;
  /** The text, with one line where the middle was cut. */
  text(): string;
}

/** Kept of the beginning and the end, in bytes. Tools cut further; this only keeps memory flat. */
const keptHead = 32 * 1024;
const keptTail = 64 * 1024;

export function outputCollector(): OutputCollector {
  let head = Buffer.alloc(0);
  // Made once: a command that prints 100 MB must not make 100 MB of garbage.
  let tail: Buffer | null = null;
  let tailBytes = 0;
  let total = 0;
  const pushTail = (chunk: Buffer): void => {
    tail ??= Buffer.alloc(keptTail);
    const added = Math.min(chunk.length, keptTail);
    const kept = Math.min(tailBytes, keptTail - added);
    tail.copyWithin(0, tailBytes - kept, tailBytes);
    chunk.copy(tail, kept, chunk.length - added);
    tailBytes = kept + added;
  };
  return {
    push(chunk) {
      total += chunk.length;
      const first = chunk.subarray(0, keptHead - head.length);
      if (first.length > 0) head = Buffer.concat([head, first]);
      if (first.length < chunk.length) pushTail(chunk.subarray(first.length));
    },
    get total() {
      return total;
    },
    clear() {
      head = Buffer.alloc(0);
      tailBytes = total = 0;
    },
    text() {
      const end = (tail ?? head).subarray(0, tailBytes);
      const cut = total - head.length - end.length;
      if (cut <= 0) return clean(Buffer.concat([head, end]));
      return `${clean(head)}\n[... ${cut} bytes of output cut here ...]\n${clean(end)}`;
    },
  };
}

/** Bytes as text that a database and a chat can hold: broken UTF-8 is replaced, NUL characters go. */
function clean(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\uFFFD");
}
