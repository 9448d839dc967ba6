import { Duplex } from "node:stream";
import { concat, type Frame, frame, frames, sqlOf } from "./pg-frames.ts";
import { applyListens } from "./pg-listen.ts";
import type { Peer, PgliteSession, SessionState } from "./pglite-session.ts";
import type { Manner } from "./session-turns.ts";

/**
 * What `pg` takes for a socket: bytes of the Postgres protocol in, answers out, over a shared PGlite session. The session is held from
 * the first message of a batch until the server says that no transaction is open, so two clients' transactions never mix, and an idle
 * client, a listening one above all, holds nothing. A client that sits in a transaction for `idleLimitMs` is cut off and rolled back.
 */
export function createPgliteStream(session: PgliteSession, idleLimitMs: number, manner: Manner): Duplex {
  const turn = createTurn(session, manner);
  let buffered: Uint8Array = new Uint8Array(0);
  let started = false;
  let idleTimer: NodeJS.Timeout | undefined;

  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      clearTimeout(idleTimer);
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      if (!started) {
        const start = startup(buffered);
        if (start === null) return done();
        started = true;
        buffered = start.rest;
        stream.push(greeting);
      }
      const { complete, rest } = frames(buffered);
      const end = complete.findLastIndex((message) => batchEnds.has(message.type)) + 1;
      buffered = concat([...complete.slice(end).map((message) => message.bytes), rest]);
      if (end === 0) return done();
      serve(complete.slice(0, end)).then(() => done(), done);
    },
    final(done) {
      stream.push(null);
      done();
    },
    destroy(error, done) {
      clearTimeout(idleTimer);
      session.leave(peer);
      turn.abandon().then(() => done(error), done);
    },
  });

  const peer: Peer = {
    channels: new Set(),
    deliver: (bytes) => void (bytes.length > 0 && !stream.destroyed && stream.push(bytes)),
    fail: (error) => void setImmediate(() => stream.destroy(error)),
  };
  session.join(peer);

  async function serve(batch: readonly Frame[]): Promise<void> {
    if (batch.some((message) => message.type === terminate)) {
      stream.end();
      return;
    }
    const state = await turn.take(peer, concat(batch.map((message) => message.bytes)), batch);
    if (state === "open") idleTimer = setTimeout(() => stream.destroy(tooIdle(idleLimitMs)), idleLimitMs).unref();
  }

  return Object.assign(stream, socketManners(stream));
}

const terminate = "X";
/** Query, Sync, Flush and Terminate: after these the client waits for an answer. */
const batchEnds: ReadonlySet<string> = new Set(["Q", "S", "H", terminate]);

/** A client's hold on the session: taken with a batch, given up when no transaction is open. */
function createTurn(session: PgliteSession, manner: Manner) {
  let release: (() => void) | null = null;
  let gone = false;
  const give = () => {
    release?.();
    release = null;
  };
  return {
    async take(peer: Peer, bytes: Uint8Array, batch: readonly Frame[]): Promise<SessionState> {
      release ??= await session.enter(manner);
      try {
        if (gone) throw new Error("the client left while it waited");
        const dropped = applyListens(peer.channels, batch.map(sqlOf));
        const state = await session.run(peer, bytes);
        if (dropped) await session.relisten();
        if (state === "idle") give();
        return state;
      } catch (error) {
        give();
        throw error;
      }
    },
    async abandon(): Promise<void> {
      gone = true;
      if (release === null) return;
      await session.abort().finally(give);
    },
  };
}

/** The first message has no type byte: a length, the protocol version, parameters. */
function startup(bytes: Uint8Array): { rest: Uint8Array } | null {
  if (bytes.length < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return bytes.length < length ? null : { rest: bytes.subarray(length) };
}

/** What a server says to a client it trusts: authenticated, its settings, ready. */
const greeting = Buffer.concat([
  frame("R", Buffer.alloc(4)),
  frame("S", Buffer.from("client_encoding\0UTF8\0")),
  frame("S", Buffer.from("DateStyle\0ISO, MDY\0")),
  frame("S", Buffer.from("standard_conforming_strings\0on\0")),
  frame("Z", Buffer.from("I")),
]);

/** The part of `net.Socket` that `pg` calls besides reading and writing. */
function socketManners(stream: Duplex) {
  return {
    connect: () => process.nextTick(() => stream.emit("connect")),
    setNoDelay: () => stream,
    setKeepAlive: () => stream,
    ref: () => stream,
    unref: () => stream,
  };
}

/** As Postgres reports `idle_in_transaction_session_timeout`. */
function tooIdle(limitMs: number): Error {
  return Object.assign(new Error(`a transaction was left open without a statement for ${limitMs} ms`), { code: "25P03" });
}
