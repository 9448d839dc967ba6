import type { Log } from "../core/log.ts";
import type { Machine } from "./machine.ts";
import { killRun, openShell, type Shell, ShellEnded } from "./shell.ts";
import type { Turnstile } from "./turnstile.ts";

/**
 * One session's hold on its shell: opens it, loses it, brings the sandbox up again, and remembers what the model must be told.
 */
export interface Lifeline {
  readonly alive: boolean;
  shell(): Promise<Shell>;
  readonly machine: Machine;
  /** Ends everything on the machine and starts it again. The caller tells the model. */
  restart(): Promise<void>;
  /** After a call that broke off: brings the sandbox up again and throws what the model should read. */
  recover(thrown: unknown): Promise<never>;
  /** From now on there is a directory and an environment to lose. */
  used(): void;
  /** The next result has to begin with this, and with what it means for the directory and the environment. */
  tell(news: string): void;
  /** What has to be told, once. */
  news(): string | null;
  end(): void;
}

/** Something on the machine may kill every shell: after so many deaths in succession it is restarted. */
const mostDeaths = 2;

export const resetNote = "The directory and environment are back at their start.";

/**
 * `known` holds the sessions that have run a command since this process began: only they have something to lose. `inTurn` runs a task
 * while nothing else is asked of the session.
 */
export function lifeline(machine: Machine, session: string, log: Log, known: Set<string>, inTurn: Turnstile): Lifeline {
  let shell: Shell | null = null;
  let untold: string | null = null;
  /** How often in succession the shell has ended under a call: what kills it will do so again. */
  let deaths = 0;

  const drop = (): void => {
    shell?.end();
    shell = null;
  };
  const restart = async (): Promise<void> => {
    drop();
    known.delete(session);
    await machine.restart();
  };
  const stray = once(() =>
    inTurn(async () => {
      if (await endStray(machine, session, log)) untold ??= strayNote;
      else drop();
    }),
  );
  const open = async (): Promise<Shell> => {
    const opened = await openShell(machine, session, stray);
    if (opened.fresh && known.has(session)) untold ??= `The sandbox was started anew since the last command. ${resetNote}`;
    return opened.shell;
  };
  const recover = async (thrown: unknown): Promise<never> => {
    drop();
    if (!(thrown instanceof ShellEnded)) throw thrown;
    known.delete(session);
    deaths += 1;
    let why: string | null;
    try {
      why = await machine.whyStopped();
      await (deaths < mostDeaths ? machine.ensure() : machine.restart());
    } catch (cause) {
      throw new Error("The sandbox went away while this ran; it may have been done in part. Try again in a while.", {
        cause,
      });
    }
    const cause = why === null ? "The sandbox's shell ended" : `The sandbox ended (${why})`;
    throw new Error(
      `${cause} while this ran; it may have been done in part. It is up again: files in ${machine.place.workspace} are kept. ${resetNote}`,
    );
  };
  const live = async (): Promise<Shell> => {
    if (shell?.alive) return shell;
    try {
      shell = await open();
    } catch (thrown) {
      if (isUnreachable(thrown)) throw thrown;
      // The machine is up but can't start a process: its process table is full, or its memory.
      log.warn({ owner: machine.owner, error: String(thrown) }, "a sandbox could not start a shell and is restarted");
      if (known.has(session)) untold ??= `The sandbox had to be restarted. ${resetNote}`;
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
    machine,
    restart,
    recover,
    used() {
      known.add(session);
      deaths = 0;
    },
    tell: (news) => void (untold = `${news} ${resetNote}`),
    news: () => {
      const news = untold;
      untold = null;
      return news;
    },
    end: drop,
  };
}

const strayNote = "What an earlier command had left running printed without end and was ended.";

/** In the session's turn, since it goes by the session's name. False when there was nothing to be found, so nobody should listen any more. */
async function endStray(machine: Machine, session: string, log: Log): Promise<boolean> {
  log.warn({ owner: machine.owner }, "what a command left running prints without end and is ended");
  return await killRun(machine, session).catch(() => false);
}

/** Begins a task that is not under way. */
function once(task: () => Promise<void>): () => void {
  let underWay = false;
  return () => {
    if (underWay) return;
    underWay = true;
    void task().finally(() => (underWay = false));
  };
}

/** Nobody answers at its address: restarting it can't help. */
function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown;
}
