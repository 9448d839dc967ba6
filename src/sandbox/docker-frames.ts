/**
 * Takes Docker's multiplexed stream apart: each frame is one byte for the stream, three zero bytes, four bytes of length, the
 * data.
 * stdout and stderr are passed on in the order they come.
 */
export function frameReader(onData: (chunk: Buffer) => void, onError = onData): (bytes: Buffer) => void {
  const header = Buffer.alloc(8);
  let headerBytes = 0;
  let left = 0;
  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      if (left === 0) {
        const taken = bytes.copy(header, headerBytes, at, Math.min(bytes.length, at + 8 - headerBytes));
        headerBytes += taken;
        at += taken;
        if (headerBytes < 8) return;
        headerBytes = 0;
        left = header.readUInt32BE(4);
        continue;
      }
      const data = bytes.subarray(at, at + left);
      at += data.length;
      left -= data.length;
      if (header[0] === stderrStream) onError(data);
      else onData(data);
    }
  };
}

/** The first byte of a frame of stderr. */
const stderrStream = 2;
