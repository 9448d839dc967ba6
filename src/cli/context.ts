import type { Command } from "commander";
import type { Config } from "../config/keys.ts";
import type { Environment } from "../config/home.ts";
import type { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { ControlHandler } from "../gateway/control-socket.ts";

/** What one process runs: everything, the platforms only, or the turns only. */
export type Mode = "all" | "gateway" | "worker";

/** A running service, as the command that started it sees it. */
export interface Service {
  /** The local page's address with its token; null where there is none. */
  readonly page: string | null;
  facts(): Promise<{ readonly model: string; readonly server: string; readonly sandbox: string }>;
  /** Drains and ends it. */
  close(): Promise<void>;
}

/** What came of connecting to an MCP server. */
export interface McpState {
  readonly name: string;
  /** Null for a program. */
  readonly url: string | null;
  readonly tools: number;
  /** Null when it is there. */
  readonly fault: string | null;
}

/** The record, opened in a command's own process. */
export interface OfflineRecord extends ControlHandler {
  /** The migrations that were missing when it was opened. */
  readonly pending?: readonly string[];
  /** The record as it was before they were applied; null where no copy was made. */
  readonly copy?: string | null;
  close(): Promise<void>;
}

/** What the product's composition root offers to the command line. */
export interface Product {
  openService(mode: Mode, config: Config, log: Log, env: Environment): Promise<Service>;
  /** Everything for a terminal, and no other platform, in this process; what it logs goes into files. */
  openForTerminal(home: string, env: Environment): Promise<{ close(): Promise<void> }>;
  /** Connects to the configured MCP servers once. */
  tryMcp(config: Config, env: Environment): Promise<readonly McpState[]>;
  /** Opens the record in this process, for commands typed while no service runs; brings its tables up to date unless told not to. */
  openOffline(config: Config, how?: { readonly migrating?: boolean }): Promise<OfflineRecord>;
}

/** What a command of `hermes` works with. */
export interface Context {
  readonly env: Environment;
  readonly home: string;
  /** Prints a line of the result. */
  print(line: string): void;
  /** Prints a remark that is no part of the result. */
  remark(line: string): void;
  /** Asks at the terminal, where a `hidden` answer is not echoed; null where there is none. */
  readonly ask: ((question: string, answer?: "hidden") => Promise<string>) | null;
  /** Sets the exit status; 0 unless called. */
  exit(status: number): void;
  product(): Promise<Product>;
}

/** The parts of `process` that a command line touches. */
export interface Streams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** Adds a command's own arguments, options and action. */
export type Define = (command: Command, context: Context, streams?: Streams) => void;

/** Whether its person wants no colours and no boxes (https://no-color.org), or the terminal knows none. */
export function isPlain(env: Environment): boolean {
  return (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
}

/** Exit statuses: usage as in BSD's tools; 69 is its EX_UNAVAILABLE (another process has the home), 78 its EX_CONFIG. */
export const exits = { ok: 0, failure: 1, usage: 2, held: 69, config: 78 } as const;

/** The exit status of a failure; service managers don't start again after those that starting again can't mend. */
export function statusOf({ code }: Failure): number {
  if (code === "home.held") return exits.held;
  return code === "config.invalid" || code === "state.newer" ? exits.config : exits.failure;
}
