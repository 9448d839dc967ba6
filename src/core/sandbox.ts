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

/** One person's or one shared chat's machine. Files are addressed within its workspace. */
export interface Sandbox {
  readonly backend: ActionBackend;
  /** The directory of its files, absolute. */
  readonly workspace: string;
  /** Runs a shell command; cwd and environment persist between commands. Commands of one session run one at a time. */
  run(command: string, options: RunOptions): Promise<CommandResult>;
  /** Throws an Error that the model can read when the file is missing, a directory, too large, or outside. */
  readFile(path: string, limitBytes: number): Promise<Uint8Array>;
  /** Creates parent directories. Throws an Error that the model can read. */
  writeFile(path: string, data: Uint8Array): Promise<void>;
}

export interface SandboxBackend {
  readonly name: ActionBackend;
  /** One sentence for the tool description: what the model can and cannot do here. */
  readonly hint: string;
  /** Opens (or attaches to) the owner's sandbox; one shell for each `session`. */
  open(owner: SandboxOwner, session: string): Promise<Sandbox>;
  /** Stops what has been idle longer than the configured lifetime; called by upkeep. */
  reap(): Promise<void>;
  /** Lets go of everything this process holds; containers stay for the next start unless ephemeral. */
  close(): Promise<void>;
}
