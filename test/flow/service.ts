import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../services/processes.ts";
import { recordFolder } from "../services/records.ts";

/** What a running service of a test says. */
export interface Running extends AsyncDisposable {
  /** Everything it printed so far. */
  output(): string;
  /** Resolves when it has printed this. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A running `hermes` process of a test. */
export interface Process extends Running {
  readonly child: ChildProcess;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ProcessOptions {
  readonly mode: "start" | "gateway" | "worker";
  readonly home: string;
  /** Before the command. */
  readonly options?: readonly string[];
  /** A command that runs, in its own place, the one that follows it. */
  readonly within?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts `hermes start|gateway|worker` as a process of its own, with nothing of this machine's configuration. */
export function startHermes(options: ProcessOptions): Process {
  const entry = new URL("../../bin/hermes.mjs", import.meta.url).pathname;
  const [program, ...before] = [...(options.within ?? []), ...mortal(), process.execPath];
  const child = spawn(program, [...before, entry, ...(options.options ?? []), options.mode], {
    env: environmentOf(options),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const heard = listening(ended);
  child.stdout.on("data", heard.take);
  child.stderr.on("data", heard.take);
  return {
    child,
    output: heard.output,
    printed: heard.printed,
    async kill(signal) {
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Keeps what a service prints, and looks for what a test waits for, until it has `ended`. */
export function listening(ended: Promise<unknown>): Pick<Running, "output" | "printed"> & { take(chunk: Buffer | string): void } {
  let text = "";
  const listeners = new Set<() => void>();
  return {
    take(chunk) {
      text += chunk.toString();
      for (const listener of listeners) listener();
    },
    output: () => text,
    async printed(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const look = () => {
        const found = pattern.exec(text);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`hermes ended before it printed ${pattern}:\n${text}`)));
      return await promise.finally(() => listeners.delete(look));
    },
  };
}

/** Nothing of this machine's configuration, and nothing that begins by itself. */
export function environmentOf({ home, env }: Pick<ProcessOptions, "home" | "env">): Readonly<Record<string, string>> {
  return {
    PATH: process.env["PATH"] ?? "",
    HERMES_HOME: home,
    HERMES_HTTP_PORT: "0",
    GATEWAY_ALLOW_ALL_USERS: "true",
    // One more request per session, which the tests that count requests don't expect.
    HERMES_TITLE_GENERATION: "false",
    // One more request after ten answers, and one more message after what is saved, likewise.
    HERMES_MEMORY_NUDGE_INTERVAL: "0",
    HERMES_MEMORY_NOTIFICATIONS: "off",
    ...env,
  };
}

/** The kernel ends it with this process, whatever ends that: a test that ran out of time must not leave a busy service behind. */
function mortal(): readonly string[] {
  const program = findProgram("setpriv");
  return program === null ? [] : [program, "--pdeathsig", "KILL", "--"];
}

/** A home of the test's own: with an embedded record in it, as an earlier start left it, or with nothing, for those that need none. */
export async function freshHome(record: "ready" | "none" = "ready"): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "hermes-home-"));
  const data = record === "ready" ? await recordFolder("empty tables") : null;
  if (data !== null) await symlink(data.path, join(path, "data"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      data?.[Symbol.dispose]();
    },
  };
}
