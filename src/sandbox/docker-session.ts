import type { Sandbox, SandboxOwner } from "../core/sandbox.ts";
import type { Containers } from "./docker-container.ts";
import { type Engine, engineFailure } from "./docker-engine.ts";
import { readFile, writeFile } from "./docker-files.ts";
import { lifeline } from "./docker-lifeline.ts";
import { runCommand } from "./docker-run.ts";
import { type Shell, ShellEnded } from "./docker-shell.ts";
import type { SandboxOptions } from "./options.ts";
import { checkCommand } from "./paths.ts";
import { turnstile } from "./turnstile.ts";

/** One session in its owner's container: its shell, and everything that is asked of it in turn. */
export interface DockerSession {
  readonly sandbox: Sandbox;
  /** Makes sure the container runs. */
  ready(): Promise<void>;
  /** How long nothing has been asked of it; 0 while something runs. */
  idleMs(): number;
  end(): void;
}

export function dockerSession(
  engine: Engine,
  containers: Containers,
  owner: SandboxOwner,
  session: string,
  options: SandboxOptions,
  known: Set<string>,
): DockerSession {
  const line = lifeline(containers, owner, session, options, known);
  const oneAtATime = turnstile();
  let running = 0;
  let lastUsed = Date.now();

  const guarded = <Result>(task: () => Promise<Result>): Promise<Result> => {
    running += 1;
    return oneAtATime(async () => {
      try {
        return await task();
      } catch (thrown) {
        throw isEngineError(thrown) ? engineFailure(thrown, engine.address) : thrown;
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
        options.log.warn({ owner: owner.key }, "a sandbox's shell did not answer to a file operation; it is tried once more");
      }
      const second = await line.shell();
      return await task(second).catch((thrown: unknown) => (second.alive ? Promise.reject(thrown) : line.recover(thrown)));
    });

  return {
    sandbox: {
      run: async (command, run) => {
        checkCommand(command);
        return guarded(() => runCommand(line, session, options, command, run));
      },
      readFile: (path, limitBytes) => onFiles((shell) => readFile(shell, path, limitBytes)),
      writeFile: (path, data) => onFiles((shell) => writeFile(shell, path, data)),
    },
    ready: async () => {
      if (!line.alive) await containers.ensure(owner);
    },
    idleMs: () => (running > 0 ? 0 : Date.now() - lastUsed),
    end: line.end,
  };
}

/** Errors of the connection or the engine, as against our own words for the model. */
function isEngineError(thrown: unknown): boolean {
  return thrown instanceof Error && ("statusCode" in thrown || "syscall" in thrown);
}
