import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { SandboxOwner } from "../core/sandbox.ts";
import type { Containers } from "./docker-container.ts";
import { type Engine, engineFailure } from "./docker-engine.ts";
import { frameReader } from "./docker-frames.ts";
import { inTime } from "./in-time.ts";
import type { Machine, Pipes, SpawnWish } from "./machine.ts";
import type { SandboxOptions } from "./options.ts";
import { workspace } from "./paths.ts";
import { stateDir } from "./shell-scripts.ts";

/** Longest an engine may take for a container: they start in under a second, on a busy machine in some. */
const engineMs = 30_000;
/** Longest it may take to start a process in one; where the process table is full, it never does. */
const startMs = 10_000;
/** Above this part of the process limit a command is not begun, and one that has ended has left a bomb behind. */
const crowded = 0.8;

/** Docker's and Podman's words for a container in which nothing can be started. */
const notRunning = /not running|can only create exec sessions on running containers/i;

/** One owner's container. */
export function dockerMachine(engine: Engine, containers: Containers, owner: SandboxOwner, options: SandboxOptions): Machine {
  const ensure = (): Promise<Docker.Container> => inTime(containers.ensure(owner), engineMs, "starting the sandbox");
  return {
    owner: owner.key,
    place: { workspace, state: stateDir },
    mostProcesses: Math.floor(options.pids * crowded),
    killedNote: `It was killed, most likely for using more than ${options.memoryMb} MB of memory.`,
    ensure: async () => void (await ensure()),
    async spawn(argv, wish) {
      const stream = await startExec(await ensure(), argv).catch(async (thrown: unknown) => {
        // It ended between being looked at and being used.
        if (thrown instanceof Error && notRunning.test(thrown.message)) return await startExec(await ensure(), argv);
        throw thrown;
      });
      return pipesOver(stream, wish);
    },
    restart: () => inTime(containers.restart(owner), engineMs, "restarting the sandbox"),
    whyStopped: () => containers.whyStopped(owner),
    failure: (thrown) => (isEngineError(thrown) ? engineFailure(thrown, engine.address) : thrown),
  };
}

/** An engine may take for ever to start a process in a container whose process table is full. */
async function startExec(container: Docker.Container, argv: readonly string[]): Promise<Duplex> {
  const starting = container
    .exec({ Cmd: [...argv], AttachStdin: true, AttachStdout: true, AttachStderr: true })
    .then((exec) => exec.start({ hijack: true, stdin: true }));
  try {
    return await inTime(starting, startMs, "starting a process in the sandbox");
  } catch (thrown) {
    // Should it come up after all, nobody waits for it.
    starting.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    throw thrown;
  }
}

function pipesOver(stream: Duplex, { onOutput, onError, onEnd }: SpawnWish): Pipes {
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    stream.destroy();
    onEnd();
  };
  stream.on("data", frameReader(onOutput, onError));
  stream.once("end", end);
  stream.once("close", end);
  stream.on("error", end);
  return { write: (input) => void stream.write(input), end: () => void stream.end(), destroy: end };
}

/** Errors of the connection or the engine, as against our own words for the model. */
function isEngineError(thrown: unknown): boolean {
  return thrown instanceof Error && ("statusCode" in thrown || "syscall" in thrown);
}
