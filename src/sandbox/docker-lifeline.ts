import type Docker from "dockerode";
import type { SandboxOwner } from "../core/sandbox.ts";
import type { Containers } from "./docker-container.ts";
import { openShell, type Shell, ShellEnded } from "./docker-shell.ts";
import { inTime } from "./in-time.ts";
import type { SandboxOptions } from "./options.ts";

/**
 * One session's hold on its shell: opens it, loses it, brings the sandbox up again, and remembers what the model must be told.
 */
export interface Lifeline {
  readonly alive: boolean;
  shell(): Promise<Shell>;
  container(): Promise<Docker.Container>;
  /** Ends everything in the container and starts it again. The caller tells the model. */
  restart(): Promise<void>;
  /** After a call that broke off: brings the sandbox up again and throws what the model should read. */
  recover(thrown: unknown): Promise<never>;
  /** From now on there is a directory and an environment to lose. */
  used(): void;
  /** The next result has to begin with this. */
  tell(news: string): void;
  /** What has to be told, once. */
  news(): string | null;
  end(): void;
}

/** Longest an engine may take for a container: they start in under a second, on a busy machine in some. */
const engineMs = 30_000;
/** Above this part of the process limit a command is not begun, and one that has ended has left a bomb behind. */
const crowded = 0.8;

/** The most processes that may be there when a command begins. */
export function mostProcesses(options: SandboxOptions): number {
  return Math.floor(options.pids * crowded);
}

export const resetNote = "The directory and environment are back at their start.";

/** `known` holds the sessions that have run a command since this process began: only they have something to lose. */
export function lifeline(
  containers: Containers,
  owner: SandboxOwner,
  session: string,
  options: SandboxOptions,
  known: Set<string>,
): Lifeline {
  let shell: Shell | null = null;
  let untold: string | null = null;

  const drop = (): void => {
    shell?.end();
    shell = null;
  };
  const restart = async (): Promise<void> => {
    drop();
    known.delete(session);
    await inTime(containers.restart(owner), engineMs, "restarting the sandbox");
  };
  const ensure = (): Promise<Docker.Container> => inTime(containers.ensure(owner), engineMs, "starting the sandbox");
  const open = async (): Promise<Shell> => {
    const opened = await openShell(await ensure(), session, mostProcesses(options));
    if (opened.fresh && known.has(session)) untold ??= "The sandbox was started anew since the last command.";
    return opened.shell;
  };
  const recover = async (thrown: unknown): Promise<never> => {
    drop();
    if (!(thrown instanceof ShellEnded)) throw thrown;
    known.delete(session);
    let why: string | null;
    try {
      why = await containers.whyStopped(owner);
      await ensure();
    } catch (cause) {
      throw new Error("The sandbox's engine went away while this ran; it may have been done in part. Try again in a while.", {
        cause,
      });
    }
    const cause = why === null ? "The sandbox's shell ended" : `The sandbox ended (${why})`;
    throw new Error(
      `${cause} while this ran; it may have been done in part. It is up again: files in /workspace are kept. ${resetNote}`,
    );
  };
  const live = async (): Promise<Shell> => {
    if (shell?.alive) return shell;
    try {
      shell = await open();
    } catch (thrown) {
      if (isUnreachable(thrown)) throw thrown;
      // The container runs but can't start a process: its process table is full, or its memory.
      options.log.warn({ owner: owner.key, error: String(thrown) }, "a sandbox could not start a shell and is restarted");
      if (known.has(session)) untold ??= "The sandbox had to be restarted.";
      await restart();
      shell = await open();
    }
    return shell;
  };
  return {
    get alive() {
      return shell?.alive ?? false;
    },
    shell: live,
    container: ensure,
    restart,
    recover,
    used: () => void known.add(session),
    tell: (news) => void (untold = news),
    news: () => {
      const news = untold;
      untold = null;
      return news;
    },
    end: drop,
  };
}

/** No engine at the address: restarting a container can't help. */
function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown;
}
