import type { TerminalFile, TerminalHears, TerminalLink, TerminalReach } from "../../../src/core/terminal.ts";

/** What a talk at a terminal needs. */
export interface TalkOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Begins anew before the first question. */
  readonly fresh: boolean;
  /** What goes with the first question. */
  readonly files: readonly TerminalFile[];
  /** Reads a file of this machine; a `Failure` says why it can't go along. */
  fileAt(path: string, wanted: "any" | "picture"): TerminalFile;
  /** Reaches the service, or opens one; again when it has gone away. */
  connect(reach: TerminalReach): Promise<Connection>;
}

/** A service that has been reached. */
export interface Connection {
  readonly link: TerminalLink;
  readonly hello: TerminalHears & { readonly type: "hello" };
}
