import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { Sandbox } from "../src/core/sandbox.ts";
import { openSandboxes } from "../src/sandbox/index.ts";
import { freshHome } from "../test/flow/service.ts";
import { debianImage, dockerAt, openDocker } from "../test/services/docker.ts";

const quiet = () => undefined;

/** Docker sandboxes for a row; all of them are gone afterwards. */
export interface Rig extends AsyncDisposable {
  open(owner: string): Promise<Sandbox>;
  /** Processor time of all containers so far, in nanoseconds. */
  cpuNs(): Promise<number>;
}

/** Runs a command that must succeed. */
export async function run(sandbox: Sandbox, command: string): Promise<void> {
  const { exitCode } = await sandbox.run(command, { timeoutMs: 60_000, signal: new AbortController().signal });
  if (exitCode !== 0) throw new Error(`the command ended with ${exitCode}`);
}

/** `warm`: how many are made ahead. */
export async function openRig(warm: number): Promise<Rig> {
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
    open: (owner) => backend.open({ key: owner, label: owner }, "bench"),
    async cpuNs() {
      const docker = dockerAt(engine.host);
      const used = (await containersOf(docker, home.path)).map(async ({ Id }) => {
        const { cpu_stats: cpu } = await docker.getContainer(Id).stats({ stream: false, "one-shot": true });
        return cpu.cpu_usage.total_usage;
      });
      return (await Promise.all(used)).reduce((sum, each) => sum + each, 0);
    },
    async [Symbol.asyncDispose]() {
      await backend.close();
      await removeAll(dockerAt(engine.host), home.path);
      await home[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function removeAll(docker: Docker, home: string): Promise<void> {
  for (const { Id } of await containersOf(docker, home)) await docker.getContainer(Id).remove({ force: true });
  const { Volumes } = await docker.listVolumes({ filters: filtersOf(home) });
  for (const { Name } of Volumes) await docker.getVolume(Name).remove();
}

function containersOf(docker: Docker, home: string) {
  return docker.listContainers({ all: true, filters: filtersOf(home) });
}

function filtersOf(home: string) {
  return { label: [`hermes.home=${createHash("sha256").update(home).digest("hex").slice(0, 10)}`] };
}
