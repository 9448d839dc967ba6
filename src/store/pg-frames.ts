/** One message of the Postgres wire protocol, type byte and length included. */
export interface Frame {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Cuts bytes into whole messages; `rest` is what belongs to a message that hasn't fully arrived. */
export function frames(bytes: Uint8Array): { complete: readonly Frame[]; rest: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const complete: Frame[] = [];
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const end = at + 1 + view.getUint32(at + 1);
    if (end > bytes.length) break;
    complete.push({ type: String.fromCharCode(view.getUint8(at)), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return { complete, rest: bytes.subarray(at) };
}

/** Joins byte arrays; a single one is given back as it is. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

/** Builds one message. */
export function frame(type: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(headerBytes);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The SQL text of a Query (`Q`) or Parse (`P`) message; null for others. */
export function sqlOf(message: Frame): string | null {
  if (message.type === "Q") return zeroTerminated(message.bytes, headerBytes);
  if (message.type === "P") return zeroTerminated(message.bytes, message.bytes.indexOf(0, headerBytes) + 1);
  return null;
}

/** Type byte and a four-byte length. */
const headerBytes = 5;

function zeroTerminated(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString("utf8");
}
