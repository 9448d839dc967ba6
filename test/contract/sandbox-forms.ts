import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult, RunOptions, Sandbox, SandboxBackend } from "../../src/core/sandbox.ts";
import { openSandboxes, type SandboxBackendName, type SandboxOptions } from "../../src/sandbox/index.ts";
import type { SshOptions } from "../../src/sandbox/ssh-connection.ts";
import { debianImage, dockerAt, dockerHost, smallImage } from "../services/docker.ts";
import { type Sshd, startSshd } from "../services/sshd.ts";

/** A backend opened for one test, with everything it made gone afterwards. */
export interface Rig extends AsyncDisposable {
  readonly backend: SandboxBackend;
  readonly options: SandboxOptions;
  /** Where its files are: inside the sandbox, or on a machine that all share. */
  readonly workspace: string;
  /** Whether owners can't reach each other's machine at all. */
  readonly isolated: boolean;
  open(owner?: string, session?: string): Promise<Sandbox>;
  /** The same installation as another process would open it. */
  again(overrides?: Partial<SandboxOptions>): Promise<SandboxBackend>;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Every form the contract holds for: both backends, and docker with the shells of both kinds of image. */
export const forms = {
  "docker, bash": () => openRig("docker", { image: debianImage }),
  "docker, busybox": () => openRig("docker", { image: smallImage }),
  local: () => openRig("local"),
  ssh: () => openRig("ssh"),
  virtual: () => openRig("virtual"),
} as const satisfies Record<string, () => Promise<Rig>>;

export async function openRig(name: SandboxBackendName, overrides: Partial<SandboxOptions> = {}): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), "hermes-sandbox-"));
  const options: SandboxOptions = {
    image: debianImage,
    cpus: 1,
    memoryMb: 256,
    pids: 64,
    diskMb: 64,
    network: "none",
    networkAllow: [],
    warm: 0,
    lifetimeMs: 300_000,
    dockerHost: name === "docker" ? await dockerHost() : null,
    home: name === "local" ? join(directory, "home") : `/test/${randomUUID()}`,
    workdir: name === "ssh" ? join(directory, "workspaces") : null,
    ssh: name === "ssh" ? sshTo(await sshd()) : null,
    envPassthrough: [],
    directory,
    log: silent,
    report: () => undefined,
    ...overrides,
  };
  const walls = name === "docker" || name === "virtual";
  const opened: SandboxBackend[] = [];
  const open = async (more: Partial<SandboxOptions> = {}): Promise<SandboxBackend> => {
    const backend = await openSandboxes(name, { ...options, ...more });
    opened.push(backend);
    return backend;
  };
  const backend = await open();
  return {
    workspace: walls ? "/workspace" : join(await realpath(directory), name === "local" ? "home" : "", "workspaces", "alice"),
    isolated: walls,
    backend,
    options,
    again: open,
    open: (owner = "alice", session = "s1") => backend.open({ key: owner, label: owner }, session),
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()));
      if (options.dockerHost !== null) await removeAll(options.dockerHost, options.home);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

let shared: Promise<Sshd> | null = null;

/** A server for all tests of a process; it dies with it. */
function sshd(): Promise<Sshd> {
  shared ??= startSshd();
  return shared;
}

/** How to reach a server. */
export function sshTo({ port, user, key, knownHosts }: Sshd): SshOptions {
  return { host: "127.0.0.1", port, user, key, knownHosts, agent: null };
}

/** Runs a command with a limit that only a test that means it reaches. */
export function run(sandbox: Sandbox, command: string, options: Partial<RunOptions> = {}): Promise<CommandResult> {
  return sandbox.run(command, { timeoutMs: 20_000, signal: new AbortController().signal, ...options });
}

/** Removes what one installation has on the engine. */
async function removeAll(host: string, home: string): Promise<void> {
  const docker = dockerAt(host);
  const filters = { label: [`hermes.home=${createHash("sha256").update(home).digest("hex").slice(0, 10)}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const { Volumes } = await docker.listVolumes({ filters });
  await Promise.all(Volumes.map(({ Name }) => docker.getVolume(Name).remove()));
}
