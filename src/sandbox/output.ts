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
  let head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let total = 0;
  const pushTail = (chunk: Buffer): void => {
    tail.push(chunk);
    tailBytes += chunk.length;
    if (tailBytes <= 2 * keptTail) return;
    tail = [Buffer.from(Buffer.concat(tail).subarray(-keptTail))];
    tailBytes = keptTail;
  };
  return {
    push(chunk) {
      total += chunk.length;
      const room = keptHead - headBytes;
      const first = chunk.subarray(0, Math.max(0, room));
      if (first.length > 0) head.push(Buffer.from(first));
      headBytes += first.length;
      if (first.length < chunk.length) pushTail(Buffer.from(chunk.subarray(first.length)));
    },
    get total() {
      return total;
    },
    clear() {
      head = [];
      tail = [];
      headBytes = tailBytes = total = 0;
    },
    text() {
      const end = Buffer.concat(tail).subarray(-keptTail);
      const cut = total - headBytes - end.length;
      if (cut <= 0) return clean(Buffer.concat([...head, end]));
      return `${clean(Buffer.concat(head))}\n[... ${cut} bytes of output cut here ...]\n${clean(end)}`;
    },
  };
}

/** Bytes as text that a database and a chat can hold: broken UTF-8 is replaced, NUL characters go. */
function clean(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\uFFFD");
}
