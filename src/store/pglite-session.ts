import type { PGlite } from "@electric-sql/pglite";
import { concat, type Frame, frame, frames } from "./pg-frames.ts";

/** One connected client of the session, as the session sees it. */
export interface Peer {
  /** Channels this client has asked for. */
  readonly channels: Set<string>;
  /** Takes bytes that the server sends to this client. */
  deliver(bytes: Uint8Array): void;
}

/** `idle`: no transaction is open. `open`: one is, or a message sequence isn't finished. */
export type SessionState = "idle" | "open";

/** The one session that PGlite is, shared by any number of clients that take turns. */
export interface PgliteSession {
  /** Waits until no other client is in a transaction; first come, first served. The caller must call what it gets, once. */
  enter(): Promise<() => void>;
  /** Runs whole protocol messages for `peer`, delivers the answer to it and notifications to whoever listens. */
  run(peer: Peer, messages: Uint8Array): Promise<SessionState>;
  /** Listens again to all that any client wants: one client's UNLISTEN is the whole session's. */
  relisten(): Promise<void>;
  join(peer: Peer): void;
  leave(peer: Peer): void;
}

/** Wraps a PGlite that nobody else uses. */
export function createPgliteSession(db: PGlite): PgliteSession {
  const peers = new Set<Peer>();
  let tail: Promise<void> = Promise.resolve();
  return {
    async enter() {
      const before = tail;
      const { promise, resolve } = Promise.withResolvers<void>();
      tail = promise;
      await before;
      return resolve;
    },
    async run(peer, messages) {
      const answer = await exchange(db, messages);
      peer.deliver(concat(answer.filter((one) => one.type !== notificationResponse).map((one) => one.bytes)));
      for (const one of answer) if (one.type === notificationResponse) notify(peers, one);
      return stateAfter(answer);
    },
    async relisten() {
      const wanted = new Set([...peers].flatMap((peer) => [...peer.channels]));
      const sql = [...wanted].map((channel) => `listen "${channel.replaceAll('"', '""')}";`).join("");
      if (sql !== "") await exchange(db, frame("Q", Buffer.from(`${sql}\0`)));
    },
    join: (peer) => void peers.add(peer),
    leave: (peer) => void peers.delete(peer),
  };
}

const notificationResponse = "A";
const readyForQuery = "Z";

async function exchange(db: PGlite, messages: Uint8Array): Promise<readonly Frame[]> {
  if (db.closed) throw new Error("the embedded database is closed");
  const chunks: Uint8Array[] = [];
  // The chunk is a view into the engine's memory, valid only during the call. Node's file system needs no extra sync.
  await db.execProtocolRawStream(messages, { syncToFs: false, onRawData: (chunk) => void chunks.push(chunk.slice()) });
  return frames(concat(chunks)).complete;
}

/** From the last ReadyForQuery: its status byte is `I` outside a transaction, `T` or `E` within one. */
function stateAfter(answer: readonly Frame[]): SessionState {
  const ready = answer.findLast((one) => one.type === readyForQuery);
  return ready !== undefined && ready.bytes[5] === "I".charCodeAt(0) ? "idle" : "open";
}

function notify(peers: ReadonlySet<Peer>, message: Frame): void {
  // Type byte, length, process id, then the channel as a zero-terminated string.
  const channelAt = 1 + 4 + 4;
  const channel = Buffer.from(message.bytes.subarray(channelAt, message.bytes.indexOf(0, channelAt))).toString("utf8");
  for (const peer of peers) if (peer.channels.has(channel)) peer.deliver(message.bytes);
}
