import type { ProcessInfo, ProcessOutput, ProcessState } from "../core/sandbox.ts";
import { processName } from "./background-names.ts";
import { wholeText } from "./background-text.ts";

type Run = (
  session: string,
  command: string,
  workdir: string | null,
  signal: AbortSignal,
) => Promise<{ readonly output: string; readonly exitCode: number }>;

interface Entry {
  readonly id: string;
  readonly command: string;
  readonly began: number;
  readonly control: AbortController;
  state: ProcessState;
  exitCode: number | null;
  ended: number | null;
  output: Buffer;
  read: number;
}

/** Running and ended ones that are kept. */
const mostProcesses = 16;

/** The background commands of one virtual sandbox, inside its thread. The interpreter tells what a command has printed only at its end. */
export function virtualBackground(run: Run) {
  const entries = new Map<string, Entry>();
  const begin = (session: string, command: string, workdir: string | null): Entry => {
    const control = new AbortController();
    let later = 0;
    while (entries.has(processName(later))) later += 1;
    const id = processName(later);
    const fresh = { id, command, began: Date.now(), control, exitCode: null, ended: null, output: Buffer.alloc(0), read: 0 };
    const entry: Entry = { ...fresh, state: "running" };
    void run(session, command, workdir, control.signal).then(({ output, exitCode }) => {
      const killed = control.signal.aborted;
      entry.output = Buffer.from(output);
      entry.state = killed ? "killed" : "exited";
      entry.exitCode = killed ? null : exitCode;
      entry.ended = Date.now();
    });
    return entry;
  };
  return {
    /** Null when too many run already. */
    start(session: string, command: string, workdir: string | null): ProcessInfo | null {
      for (const { id, state } of entries.values()) if (entries.size >= mostProcesses && state !== "running") entries.delete(id);
      if (entries.size >= mostProcesses) return null;
      const entry = begin(session, command, workdir);
      entries.set(entry.id, entry);
      return infoOf(entry);
    },
    list: (): readonly ProcessInfo[] => [...entries.values()].map(infoOf),
    output(id: string, from: number | "unread", limit: number): ProcessOutput | null {
      const entry = entries.get(id);
      if (entry === undefined) return null;
      const total = entry.output.length;
      const wanted = from === "unread" ? entry.read : from;
      const begun = Math.min(total, wanted < 0 ? Math.max(0, total + wanted) : wanted);
      const end = Math.min(total, begun + limit);
      const { text, skipped, left } = wholeText(entry.output.subarray(begun, end), end < total);
      if (from === "unread") entry.read = end - left;
      return { text, from: begun + skipped, next: end - left, total };
    },
    kill(id: string): void {
      entries.get(id)?.control.abort();
    },
  };
}

function infoOf({ id, command, state, exitCode, began, ended, output }: Entry): ProcessInfo {
  return { id, command, pty: false, state, exitCode, ms: (ended ?? Date.now()) - began, outputBytes: output.length };
}
