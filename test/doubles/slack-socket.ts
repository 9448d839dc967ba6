import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** The server's end of a WebSocket: text both ways, pings answered. */
export interface ServerSocket {
  readonly open: boolean;
  send(text: string): void;
  /** The closing handshake. */
  end(): void;
  /** The connection is cut, as networks do. */
  cut(): void;
}

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Answers the upgrade (RFC 6455, without extensions) and speaks frames from then on. */
export function acceptSocket(
  request: IncomingMessage,
  stream: Duplex,
  on: { text(text: string): void; closed(): void },
): ServerSocket {
  const key = request.headers["sec-websocket-key"] ?? "";
  const proof = createHash("sha1")
    .update(key + magic)
    .digest("base64");
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${proof}`,
  ];
  stream.write(`${head.join("\r\n")}\r\n\r\n`);
  const state = { open: true, ending: false };
  const send = (opcode: number, payload: Buffer): void => {
    if (state.open) stream.write(frame(opcode, payload));
  };
  const closed = (): void => {
    if (!state.open) return;
    state.open = false;
    on.closed();
  };
  let held: Buffer = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (let next = unframe(held); next; next = unframe(held)) {
      held = next.rest;
      if (next.opcode === opcodes.text) on.text(next.payload.toString("utf8"));
      if (next.opcode === opcodes.ping) send(opcodes.pong, next.payload);
      if (next.opcode === opcodes.close) {
        if (!state.ending) send(opcodes.close, next.payload);
        closed();
        stream.end();
      }
    }
  });
  stream.on("error", closed);
  stream.on("close", closed);
  return {
    get open() {
      return state.open && !state.ending;
    },
    send: (text) => send(opcodes.text, Buffer.from(text)),
    end() {
      state.ending = true;
      send(opcodes.close, Buffer.from([0x03, 0xe8]));
    },
    cut() {
      closed();
      stream.destroy();
    },
  };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** The first whole frame of a client, unmasked; null while it is not all there. */
function unframe(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly rest: Buffer } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (bytes.length < start) return null;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return null;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let at = 0; at < length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, rest: bytes.subarray(start + length) };
}
