/** Where commands run: one interface for every backend. */

import type { ActionBackend } from "./approval.ts";

/** Whose sandbox: a person's (private chats) or a shared chat's. `key` is filesystem- and label-safe: `[a-z0-9-]{1,60}`. */
export interface SandboxOwner {
  readonly key: string;
  /** For labels and logs; no secret, no message text. */
  readonly label: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  /** Directory for this command only; default is where the last one left off. */
  readonly workdir?: string;
  /** Gives it a terminal; output and errors come with its control sequences. */
  readonly pty?: boolean;
  /** One of our own: it sees nothing of what commands have left (variables, functions, output of what still runs) and leaves nothing. */
  readonly own?: boolean;
  readonly signal: AbortSignal;
  /** Called with pieces of output as they come, at most some kilobytes in all: for progress, not for the result. */
  readonly onOutput?: (chunk: string) => void;
}

export interface CommandResult {
  /** stdout and stderr in the order they came; the middle is cut beyond the limit and says so. */
  readonly output: string;
  /** Null when it was killed. */
  readonly exitCode: number | null;
  readonly end: "exited" | "timed_out" | "aborted";
  readonly ms: number;
}

/** A command that goes on by itself. `lost`: it is gone, and nobody has seen how it ended. */
export type ProcessState = "running" | "exited" | "killed" | "lost";

/** One of a sandbox's background processes. */
export interface ProcessInfo {
  readonly id: string;
  readonly command: string;
  readonly pty: boolean;
  readonly state: ProcessState;
  /** Null while it runs, and where nobody knows. */
  readonly exitCode: number | null;
  /** How long it has run, or ran. */
  readonly ms: number;
  /** All that it has printed, in bytes, kept or not. */
  readonly outputBytes: number;
}

/** A part of what a process has printed. What lies between the beginning and the last megabyte may be gone: then `from` is later than asked. */
export interface ProcessOutput {
  readonly text: string;
  readonly from: number;
  /** Where to go on. */
  readonly next: number;
  readonly total: number;
}

export interface AttachOptions {
  readonly workdir?: string;
  /** Ends the program and all that it has started. */
  readonly signal: AbortSignal;
  onOutput(chunk: Uint8Array): void;
  onError(chunk: Uint8Array): void;
}

/** A program that talks with us over pipes of its own. */
export interface Attached {
  write(data: string | Uint8Array): void;
  /** Closes its stdin. */
  end(): void;
  /** Its exit code; null when it was ended by the signal, or its sandbox went away under it. */
  readonly ended: Promise<number | null>;
}

/** One person's or one shared chat's machine. Files are addressed within its workspace. */
export interface Sandbox {
  readonly backend: ActionBackend;
  /** The directory of its files, absolute. */
  readonly workspace: string;
  /** Where the session's next command would run, or one with that `workdir`: absolute, links followed. */
  directory(workdir: string): Promise<string>;
  /** Runs a shell command; cwd and environment persist between commands. Commands of one session run one at a time. */
  run(command: string, options: RunOptions): Promise<CommandResult>;
  /** Throws an Error that the model can read when the file is missing, a directory, too large, or outside. */
  readFile(path: string, limitBytes: number): Promise<Uint8Array>;
  /** Creates parent directories. Throws an Error that the model can read. */
  writeFile(path: string, data: Uint8Array): Promise<void>;
  /**
   * Starts a command that goes on by itself, where the session's commands are. It belongs to the sandbox: whoever opens it sees it, also
   * after the one that started it has died. Throws an Error that the model can read, as do all of these for an id that is not there.
   */
  start(command: string, options: { readonly workdir?: string; readonly pty: boolean }): Promise<ProcessInfo>;
  /** Those that run and the last that have ended, oldest first. */
  processes(): Promise<readonly ProcessInfo[]>;
  /** At most `limit` bytes from byte `from` on (negative: counted from the end), or what nobody has read as `unread` yet. */
  output(id: string, from: number | "unread", limit: number): Promise<ProcessOutput>;
  /** To its stdin; with a terminal: keys. */
  send(id: string, data: string): Promise<void>;
  closeInput(id: string): Promise<void>;
  /** Ends it and all that it has started, however far detached. */
  kill(id: string): Promise<ProcessInfo>;
  /** Starts a program with pipes of its own, where the session's commands are. */
  attach(command: string, options: AttachOptions): Promise<Attached>;
}

export interface SandboxBackend {
  readonly name: ActionBackend;
  /** One sentence for the tool description: what the model can and cannot do here. */
  readonly hint: string;
  /** Opens (or attaches to) the owner's sandbox; one shell for each `session`. */
  open(owner: SandboxOwner, session: string): Promise<Sandbox>;
  /** What else people may want to know of it (engine, limits, network, how many run), a line each; nothing that is one person's. */
  about?(): Promise<readonly string[]>;
  /** Stops what has been idle longer than the configured lifetime; called by upkeep. */
  reap(): Promise<void>;
  /** Nothing will be opened here any more: lets go of what was kept ready. */
  retire?(): Promise<void>;
  /** Lets go of everything this process holds; containers stay for the next start unless ephemeral. */
  close(): Promise<void>;
}
