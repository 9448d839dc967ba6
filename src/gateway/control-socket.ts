import { createHash } from "node:crypto";
import { lstat, mkdir, open, rm, stat } from "node:fs/promises";
import { type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Failure, asFailure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import { jsonLines } from "./json-lines.ts";
import { type Visit, visitAt, visitOver } from "./visit.ts";

/** What a command asks of the running service. */
export interface ControlRequest {
  readonly command: string;
  readonly args: readonly string[];
}

/** What it answers: text to print. */
export interface ControlReply {
  readonly ok: boolean;
  readonly text: string;
}

/** Answers commands; the running service and the offline record both do. */
export interface ControlHandler {
  handle(request: ControlRequest): Promise<ControlReply>;
  /** It is a talk at a terminal that has the home: nothing is served. */
  readonly talks?: boolean;
  /** Takes over a connection whose first request it knows as the beginning of a talk; false: it is an ordinary one. */
  receive?(request: ControlRequest, visit: Visit): boolean;
}

/** What follows the number of a process that is a talk, in its answer to `who`. */
export const talkWords = ", a talk at a terminal";

/** Asks the service that runs on this home; null when none runs. */
export async function callControl(
  home: string,
  request: ControlRequest,
  withinMs: number = answerMs,
): Promise<ControlReply | null> {
  const socket = await reachOwn(home);
  if (socket === null) return null;
  try {
    return await exchange(socket, request, withinMs);
  } finally {
    socket.destroy();
  }
}

/** Begins a talk with the service that runs on this home; null when none runs. */
export async function callVisit(home: string, request: ControlRequest): Promise<Visit | null> {
  const socket = await reachOwn(home);
  return socket === null ? null : visitAt(socket, request);
}

/**
 * Listens for commands on the home's socket, which only its owner may open. A home has one listener: when another process answers
 * there, this throws `home.held`; a socket that a killed process left behind is replaced.
 */
export async function serveControl(home: string, handler: ControlHandler): Promise<{ close(): Promise<void> }> {
  const path = controlPath(home);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw unwritable(home, thrown);
  });
  await refuseForeign(home, path);
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const server = await listen(path, handler);
    if (server !== null) return server;
    await refuseWhenLive(home, path);
    await removeStale(path);
  }
  throw held(home, null);
}

/** Where the socket is. The kernel takes about a hundred bytes; deeper homes get one in a directory of the user's in the temporary one. */
export function controlPath(home: string): string {
  const path = join(home, "hermes.sock");
  if (Buffer.byteLength(path) <= mostPathBytes) return path;
  const name = createHash("sha256").update(home).digest("hex").slice(0, 16);
  return join(tmpdir(), `hermes-${userInfo().uid}`, `${name}.sock`);
}

const mostPathBytes = 100; // sun_path: 108 on Linux, 104 on macOS
const answerMs = 30_000;
const mostAttempts = 20;
const pauseMs = 25;
const oldLockMs = 5_000;
const idleMs = 60_000;

async function exchange(socket: Socket, request: ControlRequest, withinMs: number): Promise<ControlReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ControlReply>();
  const silent = new Failure("state.unavailable", "the running service does not answer.", {
    advice: "Look at its log, or restart it.",
  });
  jsonLines(socket, (message) => (isReply(message) ? resolve(message) : reject(silent)));
  socket.on("error", () => reject(silent)).on("close", () => reject(silent));
  socket.setTimeout(withinMs, () => reject(silent));
  socket.write(`${JSON.stringify(request)}\n`);
  return await promise;
}

/** Null when the path is taken, by a live process or by what a dead one left. */
async function listen(path: string, handler: ControlHandler): Promise<{ close(): Promise<void> } | null> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, handler);
  });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once("listening", () => resolve(true));
  server.once("error", (error: NodeJS.ErrnoException) =>
    error.code === "EADDRINUSE" ? resolve(false) : reject(unwritable(path, error)),
  );
  // The socket is made within the call, so nobody else's file is touched by this.
  const before = process.umask(0o177);
  server.listen(path);
  process.umask(before);
  if (!(await promise)) return null;
  server.on("error", () => {});
  return { close: () => closed(server, sockets) };
}

/** The largest file in base64, and more than the longest message with each of its characters escaped in JSON. */
const mostHeard = 32 * 1024 * 1024;

function serve(socket: Socket, handler: ControlHandler): void {
  socket.on("error", () => socket.destroy());
  socket.setTimeout(idleMs, () => socket.destroy());
  let talk: ((message: unknown) => void) | null = null;
  const take = (message: unknown) => {
    if (talk !== null) return talk(message);
    if (isRequest(message)) {
      const { visit, hear } = visitOver(socket);
      if (handler.receive?.(message, visit) === true) {
        socket.setTimeout(0);
        talk = hear;
        return;
      }
    }
    void answer(handler, message).then((reply) => socket.write(`${JSON.stringify(reply)}\n`));
  };
  jsonLines(socket, take, mostHeard);
}

async function answer(handler: ControlHandler, message: unknown): Promise<ControlReply> {
  if (!isRequest(message)) return { ok: false, text: "not a request" };
  if (message.command === "who") return { ok: true, text: `process ${process.pid}${handler.talks === true ? talkWords : ""}` };
  try {
    return await handler.handle(message);
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { ok: false, text: redact([failure.message, failure.advice ?? ""].join(" ").trim()) };
  }
}

async function refuseWhenLive(home: string, path: string): Promise<void> {
  const socket = await reach(path);
  if (socket === null) return;
  const who = await exchange(socket, { command: "who", args: [] }, 2_000).catch(() => null);
  socket.destroy();
  throw held(home, who?.text ?? null);
}

/**
 * Removes a dead process's socket. Only who holds the lock may, and looks again first: of several processes that start at once, none
 * removes another's fresh socket.
 */
async function removeStale(path: string): Promise<void> {
  const lock = `${path}.lock`;
  try {
    await (await open(lock, "wx", 0o600)).close();
  } catch {
    await forgetOldLock(lock);
    return await wait(pauseMs);
  }
  try {
    // Between its bind and its listen, a live socket refuses connections for some microseconds.
    await wait(pauseMs);
    const socket = await reach(path);
    if (socket === null) await rm(path, { force: true });
    else socket.destroy();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Its holder was killed in the few milliseconds that it is held. */
async function forgetOldLock(lock: string): Promise<void> {
  const since = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (since > oldLockMs) await rm(lock, { force: true });
}

function unwritable(path: string, thrown: unknown): Failure {
  return new Failure("config.invalid", `${path} can't be written: ${asFailure(thrown).message}.`, {
    advice: "Make it writable, or set HERMES_HOME to another directory.",
    cause: thrown,
  });
}

function held(home: string, who: string | null): Failure {
  const end =
    who?.endsWith(talkWords) === true ? "Leave that one first (Ctrl-D there)" : "Stop that one first (hermes gateway stop)";
  return new Failure("home.held", `${home} is in use by ${who ?? "another process"}.`, {
    advice: `${end}, or set HERMES_HOME to another directory.`,
  });
}

async function reachOwn(home: string): Promise<Socket | null> {
  const path = controlPath(home);
  await refuseForeign(home, path);
  return await reach(path);
}

/** In the temporary directory anybody may have made the one of our name, to put a socket there and read what is typed. */
async function refuseForeign(home: string, path: string): Promise<void> {
  const directory = dirname(path);
  if (directory === home) return;
  const found = await lstat(directory).catch(() => null);
  if (found === null || (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0)) return;
  throw new Failure("config.invalid", `${directory} is open to others, so no socket in it can be trusted.`, {
    advice: "If it is yours, remove it; else set TMPDIR to a directory of yours, or HERMES_HOME to a shorter path.",
  });
}

/** A connection, or null when nobody listens there. */
async function reach(path: string): Promise<Socket | null> {
  const { promise, resolve } = Promise.withResolvers<Socket | null>();
  const socket = connect(path);
  socket.once("connect", () => resolve(socket)).once("error", () => resolve(null));
  return await promise;
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  for (const socket of sockets) socket.destroy();
  await promise;
}

function isRequest(message: unknown): message is ControlRequest {
  if (typeof message !== "object" || message === null || !("command" in message) || !("args" in message)) return false;
  return (
    typeof message.command === "string" && Array.isArray(message.args) && message.args.every((arg) => typeof arg === "string")
  );
}

function isReply(message: unknown): message is ControlReply {
  return (
    typeof message === "object" &&
    message !== null &&
    "ok" in message &&
    typeof message.ok === "boolean" &&
    "text" in message &&
    typeof message.text === "string"
  );
}
