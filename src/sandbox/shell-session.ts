import type { Sandbox } from "../core/sandbox.ts";
import type { Log } from "../core/log.ts";
import { background } from "./background.ts";
import { lifeline } from "./lifeline.ts";
import type { Machine } from "./machine.ts";
import { checkCommand } from "./paths.ts";
import { type Shell, ShellEnded } from "./shell.ts";
import { attach } from "./shell-attach.ts";
import { readFile, writeFile } from "./shell-files.ts";
import { runCommand } from "./shell-run.ts";
import { directory } from "./shell-where.ts";
import { turnstile } from "./turnstile.ts";

/** One session on its owner's machine: its shell, and everything that is asked of it in turn. */
export interface ShellSession {
  readonly sandbox: Omit<Sandbox, "backend" | "workspace">;
  /** Makes sure the machine is up. */
  ready(): Promise<void>;
  /** How long nothing has been asked of it; 0 while something runs. */
  idleMs(): number;
  end(): void;
}

/** `session` is a directory's name; `known`: see `lifeline`. */
export function shellSession(machine: Machine, session: string, log: Log, known: Set<string>): ShellSession {
  const oneAtATime = turnstile();
  const line = lifeline(machine, session, log, known, oneAtATime);
  let running = 0;
  let lastUsed = Date.now();

  const guarded = <Result>(task: () => Promise<Result>): Promise<Result> => {
    running += 1;
    return oneAtATime(async () => {
      try {
        return await task();
      } catch (thrown) {
        throw machine.failure(thrown);
      } finally {
        running -= 1;
        lastUsed = Date.now();
      }
    });
  };

  /** A file operation may safely be done twice (a write ends in one rename): one that its shell swallowed gets a second shell. */
  const onFiles = <Result>(task: (shell: Shell) => Promise<Result>): Promise<Result> =>
    guarded(async () => {
      const first = await line.shell();
      try {
        return await task(first);
      } catch (thrown) {
        if (first.alive || !(thrown instanceof ShellEnded)) throw thrown;
        log.warn({ owner: machine.owner }, "a sandbox's shell did not answer to a file operation; it is tried once more");
      }
      const second = await line.shell();
      return await task(second).catch((thrown: unknown) => (second.alive ? Promise.reject(thrown) : line.recover(thrown)));
    });

  const once = <Result>(task: (shell: Shell) => Promise<Result>): Promise<Result> =>
    guarded(async () => await task(await line.shell()).catch(line.recover));

  return {
    sandbox: {
      run: async (command, run) => {
        checkCommand(command);
        return guarded(() => runCommand(line, session, command, run));
      },
      directory: (workdir) => onFiles((shell) => directory(shell, machine.place, workdir)),
      readFile: (path, limitBytes) => onFiles((shell) => readFile(shell, machine.place, path, limitBytes)),
      ...background(line, { once, again: onFiles }),
      attach: async (command, wish) => {
        running += 1;
        try {
          const attached = await attach(machine, session, command, wish);
          void attached.ended.finally(() => {
            running -= 1;
            lastUsed = Date.now();
          });
          return attached;
        } catch (thrown) {
          running -= 1;
          throw machine.failure(thrown);
        }
      },
      writeFile: (path, data) => onFiles((shell) => writeFile(shell, machine.place, path, data)),
    },
    ready: async () => {
      if (!line.alive) await machine.ensure();
    },
    idleMs: () => (running > 0 ? 0 : Date.now() - lastUsed),
    end: line.end,
  };
}
