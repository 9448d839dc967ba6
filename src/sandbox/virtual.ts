import { join, posix } from "node:path";
import { Worker } from "node:worker_threads";
import type { CommandResult, RunOptions, Sandbox, SandboxBackend } from "../core/sandbox.ts";
import { absolutePath, checkCommand, faultError, workspace } from "./paths.ts";
import type { SandboxOptions } from "./options.ts";
import { progressFeed } from "./progress.ts";
import { turnstile } from "./turnstile.ts";
import { noTerminalHere, virtualProcesses } from "./virtual-processes.ts";
import type { Asked, VirtualReply, VirtualSetup } from "./virtual-messages.ts";

/** A virtual sandbox is for small work: its thread may not grow beyond this, in megabytes. */
const heapMb = 256;
/** Its workspace lies on the host's disk, so the configured size counts only up to here, in megabytes. */
const mostDiskMb = 1024;
/** How long a thread may take to stop a command by itself before it is ended. */
const graceMs = 500;
/** The same where other conversations' commands run in it, which would end with it. */
const sharedGraceMs = 5_000;
/** The same for one that is not up yet: that takes a second, on a busy machine several. */
const startMs = 30_000;

interface Thread extends Asked {
  readonly alive: boolean;
  /** Whether it serves yet. */
  readonly up: boolean;
  abort(id: number): void;
  end(): Promise<void>;
}

interface Owner {
  thread: Thread | null;
  running: number;
  lastUsed: number;
  /** Sessions whose directory and environment went with a thread, until they have been told. */
  readonly lost: Set<string>;
  readonly known: Set<string>;
}

/** A bash without a machine: commands are interpreted in a thread, files lie in one directory an owner. Works everywhere. */
export async function openVirtual(options: Pick<SandboxOptions, "directory" | "diskMb" | "lifetimeMs">): Promise<SandboxBackend> {
  const owners = new Map<string, Owner>();
  const turnstiles = new Map<string, ReturnType<typeof turnstile>>();

  const endThread = async (owner: Owner): Promise<void> => {
    const { thread } = owner;
    owner.thread = null;
    for (const session of owner.known) owner.lost.add(session);
    owner.known.clear();
    await thread?.end();
  };

  const open = async ({ key }: { readonly key: string }, session: string): Promise<Sandbox> => {
    const owner = owners.get(key) ?? { thread: null, running: 0, lastUsed: Date.now(), lost: new Set(), known: new Set() };
    owners.set(key, owner);
    const oneAtATime = turnstiles.get(`${key}/${session}`) ?? turnstile();
    turnstiles.set(`${key}/${session}`, oneAtATime);
    const setup = { directory: join(options.directory, key), diskMb: Math.min(options.diskMb, mostDiskMb) };
    const thread = (): Thread => {
      if (!owner.thread?.alive) owner.thread = startThread(setup);
      return owner.thread;
    };
    const guarded = <Result>(task: () => Promise<Result>): Promise<Result> =>
      oneAtATime(async () => {
        owner.running += 1;
        try {
          return await task();
        } finally {
          owner.running -= 1;
          owner.lastUsed = Date.now();
        }
      });
    return {
      backend: "virtual",
      workspace,
      run: (command, run) => guarded(() => runCommand(owner, thread, endThread, session, command, run)),
      directory: (workdir) => guarded(() => directory(thread(), session, workdir)),
      readFile: (path, limitBytes) => guarded(() => readFile(thread(), absolutePath(path), path, limitBytes)),
      writeFile: (path, data) => guarded(() => writeFile(thread(), absolutePath(path), path, data)),
      ...virtualProcesses(session, guarded, thread),
    };
  };

  const reap = async (): Promise<void> => {
    for (const owner of owners.values()) {
      if (owner.running === 0 && owner.thread !== null && Date.now() - owner.lastUsed >= options.lifetimeMs)
        if (!(await hasProcesses(owner.thread))) await endThread(owner);
    }
  };

  const close = async (): Promise<void> => {
    await Promise.all([...owners.values()].map(endThread));
  };

  return { name: "virtual", hint, open, reap, close };
}

const hint =
  "A simulated bash over files in /workspace: grep, sed, awk, jq, sort, find, tar, sqlite3, python3 (its standard library) and js-exec " +
  "(JavaScript); no network, no other programs (git, node, package managers); a background command shows its output at its end.";

async function hasProcesses(thread: Thread): Promise<boolean> {
  const reply = await thread.request({ type: "processes" }).reply.catch(() => null);
  return reply?.type === "processes" && reply.processes.some(({ state }) => state === "running");
}

async function runCommand(
  owner: Owner,
  thread: () => Thread,
  endThread: (owner: Owner) => Promise<void>,
  session: string,
  command: string,
  options: RunOptions,
): Promise<CommandResult> {
  checkCommand(command);
  if (options.pty === true) throw new Error(noTerminalHere);
  const began = Date.now();
  if (options.signal.aborted) return { output: "", exitCode: null, end: "aborted", ms: 0 };
  const live = thread();
  const { id, reply } = live.request({
    type: "run",
    session: options.own === true ? null : session,
    command,
    workdir: options.workdir ?? null,
  });
  owner.known.add(session);
  let stop: "timed_out" | "aborted" | null = null;
  let grace: NodeJS.Timeout | undefined;
  const halt = (why: "timed_out" | "aborted"): void => {
    stop ??= why;
    live.abort(id);
    const patience = !live.up ? startMs : owner.running > 1 ? sharedGraceMs : graceMs;
    grace ??= setTimeout(() => void endThread(owner), patience);
  };
  const timer = setTimeout(() => halt("timed_out"), options.timeoutMs);
  const onAbort = (): void => halt("aborted");
  options.signal.addEventListener("abort", onAbort);
  const result = await reply
    .then(
      (answer) => (answer.type === "ran" ? answer : null),
      (thrown: unknown) => {
        if (stop === null) throw thrown;
        return null;
      },
    )
    .finally(() => {
      clearTimeout(timer);
      clearTimeout(grace);
      options.signal.removeEventListener("abort", onAbort);
    });
  const notes = owner.lost.delete(session) ? `[The sandbox was started anew; ${resetNote}]\n` : "";
  const output = notes + (result?.output ?? "");
  progressFeed(options.onOutput)(Buffer.from(output));
  return { output, exitCode: stop === null ? (result?.exitCode ?? null) : null, end: stop ?? "exited", ms: Date.now() - began };
}

async function directory(thread: Thread, session: string, workdir: string): Promise<string> {
  const reply = await thread.request({ type: "where", session }).reply;
  return posix.resolve(reply.type === "where" ? reply.directory : workspace, workdir);
}

async function readFile(thread: Thread, absolute: string, path: string, limitBytes: number): Promise<Uint8Array> {
  const reply = await thread.request({ type: "read", path: absolute, limitBytes }).reply;
  if (reply.type === "file") return reply.data;
  throw reply.type === "fault" ? faultError(reply.fault, path, reply.detail) : faultError("failed", path);
}

async function writeFile(thread: Thread, absolute: string, path: string, data: Uint8Array): Promise<void> {
  const reply = await thread.request({ type: "write", path: absolute, data }).reply;
  if (reply.type === "fault") throw faultError(reply.fault, path, reply.detail);
}

const resetNote = "files in /workspace are kept, the directory and environment are back at their start.";

function startThread(setup: VirtualSetup): Thread {
  const worker = new Worker(new URL("./virtual-thread.ts", import.meta.url), {
    workerData: setup,
    env: {},
    // QuickJS's reader of TypeScript warns of itself.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  worker.unref();
  const waiting = new Map<number, PromiseWithResolvers<VirtualReply>>();
  let last = 0;
  let [alive, up] = [true, false];
  const die = (why: string): void => {
    alive = false;
    const error = new Error(`The sandbox ended while this ran${why}; ${resetNote}`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (reply: VirtualReply) => {
    up = true;
    waiting.get(reply.id)?.resolve(reply);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
  });
  worker.on("error", (error) =>
    die("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY" ? ` (more than ${heapMb} MB of memory)` : ""),
  );
  worker.on("exit", () => die(""));
  return {
    get alive() {
      return alive;
    },
    get up() {
      return up;
    },
    request: (body) => {
      const id = ++last;
      const answer = Promise.withResolvers<VirtualReply>();
      waiting.set(id, answer);
      worker.ref();
      worker.postMessage({ ...body, id });
      return { id, reply: answer.promise };
    },
    abort: (id) => worker.postMessage({ id, type: "abort" }),
    end: async () => {
      die("");
      await worker.terminate();
    },
  };
}
