import { EventEmitter, once } from "node:events";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";

/** A program at a real pseudo-terminal, and the screen that a person would see. */
export interface Terminal {
  readonly pid: number;
  /** The visible lines without blanks at their ends, and without the empty ones at the end. */
  screen(): readonly string[];
  /** As `screen()`, with what has scrolled away above it. */
  everything(): readonly string[];
  /** As `screen()`, with the lines whole that the terminal itself has broken. */
  whole(): readonly string[];
  /** Types at the keyboard; see `keys` for those without a letter. */
  type(text: string): void;
  /** Waits until the screen's text matches or `wanted` says yes of it; gives that text. Throws with the screen when that can't come any more. */
  until(wanted: RegExp | ((text: string) => boolean)): Promise<string>;
  resize(cols: number, rows: number): void;
  /** Its exit status once it has ended and all it wrote is on the screen; 128 and more for a signal. */
  readonly exit: Promise<number>;
}

/** What a terminal sends for keys without a letter. */
export const keys = {
  enter: "\r",
  tab: "\t",
  escape: "\u001b",
  backspace: "\u007f",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  ctrlC: "\u0003",
  ctrlD: "\u0004",
} as const;

export interface TerminalOptions {
  /** Beside PATH and TERM; nothing else of this process's environment goes along. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cols?: number;
  readonly rows?: number;
  readonly cwd?: string;
}

/** Starts `command` at a terminal of its own; it is ended with the test, or whatever else has an end. */
export function openTerminal(
  t: { after(work: () => Promise<void>): void },
  command: string,
  args: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  const { cols = 100, rows = 50, cwd = process.cwd() } = options;
  const env = { PATH: process.env["PATH"], TERM: "xterm-256color", ...options.env };
  const pty = spawn(command, [...args], { name: env.TERM, cols, rows, cwd, env });
  const screen = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const shown = new EventEmitter().setMaxListeners(0);
  pty.onData((text) => screen.write(text, () => shown.emit("change")));
  // Answers to what a program asks its terminal, such as where the cursor is.
  screen.onData((text) => pty.write(text));
  let ended = false;
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      const status = signal === undefined || signal === 0 ? exitCode : signalled + signal;
      // Behind all that was written before.
      screen.write("", () => {
        ended = true;
        shown.emit("change");
        resolve(status);
      });
    });
  });
  t.after(async () => {
    if (!ended) pty.kill("SIGKILL");
    await exit;
    screen.dispose();
  });
  const rowsFrom = (from: number) => {
    const buffer = screen.buffer.active;
    return Array.from({ length: buffer.length - from }, (_, at) => buffer.getLine(from + at));
  };
  const lines = (from: number): readonly string[] =>
    withoutEnd(rowsFrom(from).map((row) => row?.translateToString(true).trimEnd() ?? ""));
  const terminal: Terminal = {
    pid: pty.pid,
    screen: () => lines(screen.buffer.active.baseY),
    everything: () => lines(0),
    whole() {
      const joined: string[] = [];
      for (const row of rowsFrom(screen.buffer.active.baseY)) {
        const before = row?.isWrapped === true ? (joined.pop() ?? "") : "";
        joined.push(before + (row?.translateToString(false) ?? ""));
      }
      return withoutEnd(joined.map((line) => line.trimEnd()));
    },
    type: (text) => pty.write(text),
    async until(wanted) {
      const limit = AbortSignal.timeout(limitMs);
      for (;;) {
        const text = terminal.screen().join("\n");
        if (typeof wanted === "function" ? wanted(text) : wanted.test(text)) return text;
        if (ended) throw new Error(`${command} ended, and never showed ${String(wanted)}:\n${framed(text, cols)}`);
        await once(shown, "change", { signal: limit }).catch(() => {
          const last = terminal.screen().join("\n");
          throw new Error(`${command} did not show ${String(wanted)} within ${limitMs / 1_000} s:\n${framed(last, cols)}`);
        });
      }
    },
    resize(width, height) {
      screen.resize(width, height);
      pty.resize(width, height);
    },
    exit,
  };
  return terminal;
}

function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

function framed(text: string, cols: number): string {
  const edge = "─".repeat(cols);
  return [edge, text, edge].join("\n");
}

/** A shell's status for a program that a signal ended is this and the signal's number. */
const signalled = 128;
/** Only a fault takes as long: the machine may be loaded tenfold. */
const limitMs = 60_000;
