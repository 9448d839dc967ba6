import type { PGlite } from "@electric-sql/pglite";
import { concat, type Frame, frame, frames } from "./pg-frames.ts";
import { createTurns, type Manner } from "./session-turns.ts";

/** One connected client of the session, as the session sees it. */
export interface Peer {
  /** Channels this client has asked for. */
  readonly channels: Set<string>;
  /** Takes bytes that the server sends to this client. */
  deliver(bytes: Uint8Array): void;
  /** Ends the connection. */
  fail(error: Error): void;
}

/** `idle`: no transaction is open. `open`: one is, or a message sequence isn't finished. */
export type SessionState = "idle" | "open";

/** The one session that PGlite is, shared by any number of clients that take turns. */
export interface PgliteSession {
  /** Waits until no other client is in a transaction. The caller must call what it gets, once. */
  enter(manner: Manner): Promise<() => void>;
  /** Runs whole protocol messages for `peer`, delivers the answer to it and notifications to whoever listens. */
  run(peer: Peer, messages: Uint8Array): Promise<SessionState>;
  /** Listens again to all that any client wants: one client's UNLISTEN is the whole session's. */
  relisten(): Promise<void>;
  /** Rolls back what the client that holds the session has left open. */
  abort(): Promise<void>;
  join(peer: Peer): void;
  leave(peer: Peer): void;
}

/**
 * Wraps a PGlite that nobody else uses. When the engine panics (a full disk), all clients lose their connections, as they would with a
 * server, and the next statement opens it again.
 */
export function createPgliteSession(db: PGlite, reopen: () => Promise<PGlite>): PgliteSession {
  const peers = new Set<Peer>();
  const engine = createEngine(db, reopen);
  const turns = createTurns();
  return {
    enter: (manner) => turns.enter(manner),
    async run(peer, messages) {
      const answer = await engine.exchange(messages);
      peer.deliver(concat(answer.filter((one) => one.type !== notificationResponse).map((one) => one.bytes)));
      if (engine.dead()) for (const each of peers) each.fail(panicked());
      for (const one of answer) if (one.type === notificationResponse) notify(peers, one);
      return stateAfter(answer);
    },
    async relisten() {
      const wanted = new Set([...peers].flatMap((peer) => [...peer.channels]));
      const sql = [...wanted].map((channel) => `listen "${channel.replaceAll('"', '""')}";`).join("");
      if (sql !== "") await engine.exchange(frame("Q", Buffer.from(`${sql}\0`)));
    },
    async abort() {
      // An unfinished extended query must be synchronised before the server takes a new one.
      if (!engine.dead())
        await engine.exchange(Buffer.concat([frame("S", Buffer.alloc(0)), frame("Q", Buffer.from("rollback\0"))]));
    },
    join: (peer) => void peers.add(peer),
    leave: (peer) => void peers.delete(peer),
  };
}

const notificationResponse = "A";
const readyForQuery = "Z";

/** PGlite and, after a panic, its successor. */
function createEngine(first: PGlite, reopen: () => Promise<PGlite>) {
  let db: PGlite | null = first;
  let nextTryAt = 0;
  return {
    dead: () => db === null,
    async exchange(messages: Uint8Array): Promise<readonly Frame[]> {
      if (db === null) {
        if (Date.now() < nextTryAt) throw panicked();
        nextTryAt = Date.now() + reopenEveryMs;
        db = await reopen();
      }
      const answer = await exchange(db, messages);
      // A living engine ends its answer to a query or a sync with ReadyForQuery. A dead one is dropped as it is: it must not write again.
      if (expectsReady(messages) && !answer.some((one) => one.type === readyForQuery)) {
        bury(db);
        db = null;
      }
      return answer;
    },
  };
}

/** Frees a dead engine's files and timers without letting it say goodbye, which would write. */
function bury(db: PGlite): void {
  try {
    db.Module._emscripten_force_exit(1);
  } catch {
    // It always throws: that is how a program that exits leaves its caller.
  }
}

/** An attempt blocks the process for a fifth of a second. */
const reopenEveryMs = 1_000;

function expectsReady(messages: Uint8Array): boolean {
  return frames(messages).complete.some((message) => message.type === "Q" || message.type === "S");
}

/** As Postgres says it to the clients of a server that has crashed. */
function panicked(): Error {
  return Object.assign(new Error("the database engine stopped and is started again; see that the disk has room"), {
    code: "57P02",
  });
}

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
