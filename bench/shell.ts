import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { openSandboxes } from "../src/sandbox/index.ts";
import { freshHome } from "../test/flow/service.ts";
import { debianImage, dockerAt, openDocker } from "../test/services/docker.ts";
import { type Row, times } from "./figures.ts";

const news = 12;
const warmUp = 10;
const samples = 200;
const atMostMs = 3;
const coldMs = 500;
const warmMs = 150;
/** Until the next one is ready. */
const betweenMs = 1_500;
const quiet = () => undefined;

/** What the sandbox adds to a command: `:` itself takes no time. */
export const shell: Row = {
  name: "shell",
  title: "shell command in the docker sandbox, over the command itself",
  async measure() {
    await using rig = await openRig(0);
    const run = await rig.open("bench");
    await run();
    const taken: number[] = [];
    for (let number = 0; number < warmUp + samples; number += 1) taken.push(await timed(run));
    return [times("one more command", taken.slice(warmUp), atMostMs)];
  },
};

/** From nothing to the end of the first command, for chats that never had a sandbox. */
export const sandboxes: Row = {
  name: "sandbox",
  title: "a new docker sandbox, until its first command has ended",
  async measure() {
    return [
      times("sandbox cold", await firstCommands(0), coldMs, "none made ahead"),
      times("sandbox warm", await firstCommands(1), warmMs, "one made ahead"),
    ];
  },
};

async function firstCommands(warm: number): Promise<readonly number[]> {
  await using rig = await openRig(warm);
  const taken: number[] = [];
  for (let number = 0; number < news; number += 1) {
    await sleep(betweenMs);
    taken.push(await timed(async () => (await rig.open(`bench-${number}`))()));
  }
  return taken;
}

async function timed(task: () => Promise<void>): Promise<number> {
  const at = performance.now();
  await task();
  return performance.now() - at;
}

interface Rig extends AsyncDisposable {
  /** A new owner's sandbox: runs one command in it. */
  open(owner: string): Promise<() => Promise<void>>;
}

async function openRig(warm: number): Promise<Rig> {
  const engine = await openDocker(process.env["DOCKER_HOST"]);
  const home = await freshHome();
  const backend = await openSandboxes("docker", {
    image: debianImage,
    cpus: 1,
    memoryMb: 256,
    pids: 64,
    diskMb: 256,
    network: "none",
    networkAllow: [],
    report: () => undefined,
    warm,
    workdir: null,
    ssh: null,
    envPassthrough: [],
    lifetimeMs: 60_000,
    dockerHost: engine.host,
    home: home.path,
    directory: home.path,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  return {
    async open(owner) {
      const sandbox = await backend.open({ key: owner, label: owner }, "bench");
      return async () => {
        const { exitCode } = await sandbox.run(":", { timeoutMs: 10_000, signal: new AbortController().signal });
        if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`);
      };
    },
    async [Symbol.asyncDispose]() {
      await backend.close();
      await removeAll(dockerAt(engine.host), home.path);
      await home[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function removeAll(docker: ReturnType<typeof dockerAt>, home: string): Promise<void> {
  const filters = { label: [`hermes.home=${createHash("sha256").update(home).digest("hex").slice(0, 10)}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) await docker.getContainer(Id).remove({ force: true });
  for (const { Name } of (await docker.listVolumes({ filters })).Volumes) await docker.getVolume(Name).remove();
}
