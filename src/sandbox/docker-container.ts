import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { SandboxOwner } from "../core/sandbox.ts";
import { type Engine, statusOf } from "./docker-engine.ts";
import type { SandboxOptions } from "./options.ts";
import { workspace } from "./paths.ts";
import { keeperScript, stateDir } from "./shell-scripts.ts";

/** Whom commands run as: any number but 0 that images rarely give to somebody else. */
const userId = 1000;
/** A stopped container is kept this long for a quick start, then removed; its workspace volume stays. */
const keepStoppedMs = 60 * 60_000;

const label = { home: "hermes.home", owner: "hermes.owner", name: "hermes.label", spec: "hermes.spec" } as const;

/** The containers of one installation on one engine. */
export interface Containers {
  /** The owner's container, running: made, started or attached to as needed. Safe to call from several processes at once. */
  ensure(owner: SandboxOwner): Promise<Docker.Container>;
  /** Kills everything in it and starts it again; files in the workspace stay. */
  restart(owner: SandboxOwner): Promise<void>;
  /** Null while it runs; otherwise what is known about its end, for the model. */
  whyStopped(owner: SandboxOwner): Promise<string | null>;
  /** Removes containers that stopped long ago. */
  sweep(): Promise<void>;
}

export function dockerContainers(engine: Engine, options: SandboxOptions): Containers {
  const { docker } = engine;
  const homeTag = digest(options.home);
  const nameOf = (owner: SandboxOwner): string => `hermes-${homeTag}-${owner.key}`;
  const spec = containerSpec(options);
  const specTag = digest(JSON.stringify(spec));

  const create = async (owner: SandboxOwner): Promise<void> => {
    const labels = { [label.home]: homeTag, [label.owner]: owner.key, [label.name]: owner.label };
    await createVolume(docker, nameOf(owner), labels, options.diskMb);
    await giveWorkspace(docker, options.image, nameOf(owner), labels);
    const mount = workspaceMount(nameOf(owner));
    try {
      await docker.createContainer({
        ...spec,
        name: nameOf(owner),
        Labels: { ...labels, [label.spec]: specTag },
        HostConfig: { ...spec.HostConfig, Mounts: [mount] },
      });
    } catch (thrown) {
      // 409: another process was faster; its container is as good.
      if (statusOf(thrown) !== 409) throw thrown;
    }
  };

  const ensure = async (owner: SandboxOwner, attempts = 4): Promise<Docker.Container> => {
    const container = docker.getContainer(nameOf(owner));
    try {
      const info = await container.inspect();
      if (info.Config.Labels[label.spec] === specTag) {
        if (!info.State.Running) await start(container);
        return container;
      }
      await container.remove({ force: true });
    } catch (thrown) {
      // 404: not there (any more). 409: another process is removing it.
      const status = statusOf(thrown);
      if (attempts === 0 || (status !== 404 && status !== 409)) throw thrown;
    }
    await create(owner);
    return ensure(owner, attempts - 1);
  };

  const whyStopped = async (owner: SandboxOwner): Promise<string | null> => {
    const info = await docker.getContainer(nameOf(owner)).inspect();
    if (info.State.Running) return null;
    return info.State.OOMKilled ? `it used more than its ${options.memoryMb} MB of memory` : "it was stopped";
  };

  const restart = async (owner: SandboxOwner): Promise<void> => {
    const container = docker.getContainer(nameOf(owner));
    await container.kill().catch((thrown: unknown) => {
      // 404 and 409: it is already gone or not running.
      if (statusOf(thrown) !== 404 && statusOf(thrown) !== 409) throw thrown;
    });
    await ensure(owner);
  };

  const sweep = async (): Promise<void> => {
    const filters = { label: [`${label.home}=${homeTag}`], status: ["created", "exited", "dead"] };
    for (const { Id } of await docker.listContainers({ all: true, filters })) {
      const container = docker.getContainer(Id);
      const info = await container.inspect();
      const since = Math.max(Date.parse(info.Created), Date.parse(info.State.FinishedAt));
      if (!info.State.Running && Date.now() - since > keepStoppedMs) await container.remove();
    }
  };

  return { ensure: (owner) => ensure(owner), restart, whyStopped, sweep };
}

/** Everything about a container but its name: what changes it makes an old container unfit. */
function containerSpec(options: SandboxOptions) {
  const bytes = options.memoryMb * 1024 * 1024;
  const tmpMb = Math.max(16, Math.min(512, Math.floor(options.memoryMb / 4)));
  const owned = `uid=${userId},gid=${userId}`;
  return {
    Image: options.image,
    User: `${userId}:${userId}`,
    WorkingDir: workspace,
    Hostname: "sandbox",
    Entrypoint: ["sh", "-c", keeperScript(Math.ceil(options.lifetimeMs / 1000))],
    Cmd: [],
    Env: [`HOME=${workspace}`, "USER=hermes", "LOGNAME=hermes", "LANG=C.UTF-8", "TERM=dumb", "PIP_CACHE_DIR=/tmp/pip"],
    StopSignal: "SIGKILL",
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      NetworkMode: options.network === "none" ? "none" : "bridge",
      PidsLimit: options.pids,
      Memory: bytes,
      MemorySwap: bytes,
      NanoCpus: Math.round(options.cpus * 1e9),
      IpcMode: "private",
      Tmpfs: {
        "/tmp": `rw,nosuid,nodev,exec,mode=1777,size=${tmpMb}m`,
        "/var/tmp": `rw,nosuid,nodev,noexec,mode=1777,size=${tmpMb}m`,
        "/run": `rw,nosuid,nodev,noexec,mode=0755,size=16m,${owned}`,
        [stateDir]: `rw,nosuid,nodev,noexec,mode=0700,size=16m,${owned}`,
      },
      Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }],
      LogConfig: { Type: "none", Config: {} },
    },
  };
}

/** A volume with a size limit where the file system can, else without. An existing one is left as it is. */
async function createVolume(docker: Docker, name: string, labels: Record<string, string>, diskMb: number): Promise<void> {
  try {
    await docker.createVolume({ Name: name, Labels: labels, DriverOpts: { size: `${diskMb}M` } });
  } catch {
    await docker.createVolume({ Name: name, Labels: labels });
  }
}

/**
 * Gives a workspace to the unprivileged user. An archive whose only entry is the directory is unpacked by the engine itself,
 * through a
 * container that is made for it and never started: needs no root process, no capability and no program in the image.
 */
async function giveWorkspace(docker: Docker, image: string, volume: string, labels: Record<string, string>): Promise<void> {
  const bearer = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh"],
    Labels: labels,
    HostConfig: { NetworkMode: "none", Mounts: [workspaceMount(volume)] },
  });
  try {
    await bearer.putArchive(directoryTar(), { path: "/" });
  } finally {
    await bearer.remove({ force: true });
  }
}

function workspaceMount(volume: string) {
  // NoCopy: the engine would otherwise give an empty volume the owner that the image's directory has.
  const VolumeOptions = { NoCopy: true, Labels: {}, DriverConfig: { Name: "local", Options: {} } };
  return { Type: "volume" as const, Source: volume, Target: workspace, VolumeOptions };
}

async function start(container: Docker.Container): Promise<void> {
  try {
    await container.start();
  } catch (thrown) {
    // 304: somebody else has started it.
    if (statusOf(thrown) !== 304) throw thrown;
  }
}

/** A tar archive (ustar) with one entry, the workspace directory, mode 0755, owned by the unprivileged user. */
function directoryTar(): Buffer {
  const tar = Buffer.alloc(512 * 3);
  const field = (offset: number, text: string): number => tar.write(text, offset, "latin1");
  const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");
  field(0, `${workspace.slice(1)}/`);
  field(100, octal(0o755, 7));
  field(108, octal(userId, 7));
  field(116, octal(userId, 7));
  field(124, octal(0, 11));
  field(136, octal(Math.floor(Date.now() / 1000), 11));
  field(148, " ".repeat(8));
  field(156, "5");
  field(257, "ustar\u000000");
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  field(148, `${octal(sum, 6)}\0 `);
  return tar;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
