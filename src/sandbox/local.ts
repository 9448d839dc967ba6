import { spawn } from "node:child_process";
import { mkdir, realpath } from "node:fs/promises";
import { homedir, platform } from "node:os";
import { join } from "node:path";
import type { SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { Failure } from "../core/failures.ts";
import { accountName } from "./account.ts";
import { anyProcesses, type Machine, type Pipes, type Place, type SpawnWish } from "./machine.ts";
import type { SandboxOptions } from "./options.ts";
import { killOwner } from "./shell.ts";
import { shellBackend } from "./shell-backend.ts";

/** This host itself, without walls: for whoever has chosen it. Each owner has a directory; commands can leave it. */
export async function openLocal(options: SandboxOptions): Promise<SandboxBackend> {
  if (platform() === "win32") {
    throw new Failure("sandbox.unavailable", "terminal.backend local needs a POSIX shell, which Windows does not have.", {
      advice: "Run Hermes Team in WSL, or set terminal.backend: docker.",
    });
  }
  const workspaces = options.workdir ?? join(options.home, "workspaces");
  return shellBackend({
    name: "local",
    hint: `The host itself (${platform()}), as ${accountName()}, in your own directory; dangerous commands are asked about first.`,
    lifetimeMs: options.lifetimeMs,
    log: options.log,
    machine: (owner) => localMachine(owner, workspaces, join(options.home, "data", "shells"), options.envPassthrough),
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
}

function localMachine(owner: SandboxOwner, workspaces: string, shells: string, passed: readonly string[]): Machine {
  const place: { -readonly [Key in keyof Place]: Place[Key] } = {
    workspace: join(workspaces, owner.key),
    state: join(shells, owner.key),
  };
  const machine: Machine = {
    owner: owner.key,
    place,
    mostProcesses: anyProcesses,
    killedNote: "It was killed from outside, perhaps for want of memory.",
    async ensure() {
      await mkdir(place.state, { recursive: true, mode: 0o700 });
      await mkdir(place.workspace, { recursive: true, mode: 0o700 });
      // File tools compare resolved paths.
      place.workspace = await realpath(place.workspace);
    },
    async spawn(argv, wish) {
      await machine.ensure();
      return pipesOf(argv, place.workspace, hostEnv(process.env, passed), wish);
    },
    async restart() {
      await killOwner(machine);
    },
    whyStopped: () => Promise.resolve(null),
    failure: (thrown) => thrown,
  };
  return machine;
}

function pipesOf(
  argv: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  { onOutput, onError, onEnd }: SpawnWish,
): Promise<Pipes> {
  const [program = "sh", ...rest] = argv;
  // A process group of its own: a Ctrl-C in the terminal that runs the service is not the command's.
  const child = spawn(program, rest, { cwd, env, stdio: "pipe", detached: true });
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onError ?? onOutput);
  // A shell that has gone takes no more input; its end is told by `close`.
  child.stdin.on("error", () => undefined);
  child.once("close", onEnd);
  const pipes: Pipes = {
    write: (input) => void child.stdin.write(input),
    end: () => void child.stdin.end(),
    destroy() {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(pipes));
    child.once("error", reject);
  });
}

const kept = /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+)$/;

/** What a command may know of the service's environment: nothing that could be a secret, unless it is named in `passed`. */
export function hostEnv(env: NodeJS.ProcessEnv, passed: readonly string[]): NodeJS.ProcessEnv {
  const entries = Object.entries(env).filter(([name]) => kept.test(name) || passed.includes(name));
  return { HOME: homedir(), ...Object.fromEntries(entries), TERM: "dumb" };
}
