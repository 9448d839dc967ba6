import type { Socket } from "node:net";
import { jsonLines } from "./json-lines.ts";

/** A talk over the control socket that goes on until one of both leaves: each says whole lines of JSON. */
export interface Visit {
  say(message: object): void;
  /** Whoever leaves hears nothing more. */
  leave(): void;
  /** What the other one says from now on, in order; `gone` comes once, when it has left. */
  listen(heard: (message: unknown) => void, gone: () => void): void;
}

/** One who does not read is let go: whoever comes back is told what was missed. */
const mostUnread = 16 * 1024 * 1024;

/** A visit over a socket whose first line has been read: `listen` gives what the line reader hears after that. */
export function visitOver(socket: Socket, unread: number = mostUnread): { readonly visit: Visit; hear(message: unknown): void } {
  let early: unknown[] = [];
  let heard: ((message: unknown) => void) | null = null;
  const visit: Visit = {
    say(message) {
      if (socket.destroyed) return;
      socket.write(`${JSON.stringify(message)}\n`);
      if (socket.writableLength > unread) socket.destroy();
    },
    leave: () => void socket.end(),
    listen(listener, gone) {
      heard = listener;
      for (const message of early) listener(message);
      early = [];
      if (socket.closed) gone();
      else socket.once("close", gone);
    },
  };
  const hear = (message: unknown) => {
    if (heard === null) early.push(message);
    else heard(message);
  };
  return { visit, hear };
}

/** Answers to a request come in one line; what is said on a visit may be long, such as an answer with all its code. */
const mostChars = 64 * 1024 * 1024;

/** Begins a visit over a socket that has just been opened. */
export function visitAt(socket: Socket, request: object): Visit {
  // A file is said in one line; whoever says it waits until it has been heard.
  const { visit, hear } = visitOver(socket, mostChars);
  jsonLines(socket, hear, mostChars);
  socket.on("error", () => socket.destroy());
  socket.write(`${JSON.stringify(request)}\n`);
  return visit;
}
