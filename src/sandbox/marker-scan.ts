/**
 * Every marker starts with this byte (ASCII record separator), so that nothing else in the output has to wait for the next
 * chunk.
 */
const markerStart = 0x1e;

export interface MarkerScan {
  push(chunk: Buffer): void;
}

/** The longest line a marker may carry; a longer one can only be forged. */
const longestTrailer = 256;

/**
 * Passes bytes to `onData` until `marker` appears, then gives the rest of the marker's line to `onEnd`, once. What follows that line goes
 * to `onRest`, or nowhere: between two commands only leftover background jobs write.
 */
export function markerScan(
  marker: string,
  onData: (chunk: Buffer) => void,
  onEnd: (trailer: string) => void,
  onRest: (chunk: Buffer) => void = () => undefined,
): MarkerScan {
  const needle = Buffer.from(marker, "latin1");
  let held: Buffer = Buffer.alloc(0);
  let ended = false;
  return {
    push(chunk) {
      if (ended) return onRest(chunk);
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      held = Buffer.alloc(0);
      const found = bytes.indexOf(needle);
      if (found === -1) {
        const keep = heldFrom(bytes, needle);
        if (keep > 0) onData(bytes.subarray(0, keep));
        held = Buffer.from(bytes.subarray(keep));
        return;
      }
      if (found > 0) onData(bytes.subarray(0, found));
      const rest = bytes.subarray(found);
      const newline = rest.indexOf(0x0a);
      if (newline === -1 && rest.length < needle.length + longestTrailer) {
        held = Buffer.from(rest);
        return;
      }
      ended = true;
      onEnd(
        rest
          .subarray(needle.length, newline === -1 ? undefined : newline)
          .toString("latin1")
          .trim(),
      );
      if (newline !== -1 && newline + 1 < rest.length) onRest(rest.subarray(newline + 1));
    },
  };
}

/** Where a marker might have begun whose end has not come yet; the length where none has. */
function heldFrom(bytes: Buffer, needle: Buffer): number {
  const earliest = Math.max(0, bytes.length - needle.length + 1);
  for (let at = bytes.indexOf(markerStart, earliest); at !== -1; at = bytes.indexOf(markerStart, at + 1)) {
    if (needle.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at;
  }
  return bytes.length;
}
