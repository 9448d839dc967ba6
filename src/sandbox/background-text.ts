/** A part of a stream of bytes as text, without the halves of characters at its ends. */
export interface WholeText {
  readonly text: string;
  /** Bytes left out at the beginning: the end of a character that began before. */
  readonly skipped: number;
  /** Bytes left out at the end: they belong to the next part. */
  readonly left: number;
}

/** `more`: more will come after these bytes, so that a character may go on there. */
export function wholeText(bytes: Buffer, more: boolean): WholeText {
  let skipped = 0;
  while (skipped < 3 && skipped < bytes.length && isInner(bytes[skipped])) skipped += 1;
  const left = more ? unfinished(bytes) : 0;
  // A part so small that nothing of it is whole is given as it is, or reading would never get on.
  if (skipped + left >= bytes.length) return { text: clean(bytes), skipped: 0, left: 0 };
  return { text: clean(bytes.subarray(skipped, bytes.length - left)), skipped, left };
}

/** How many bytes at the end are the beginning of a character. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isInner(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function isInner(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Bytes as text that a database and a chat can hold. */
function clean(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\uFFFD");
}
