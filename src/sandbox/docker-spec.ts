import { createHash } from "node:crypto";
import { egressEnvironment, egressMount, forwarderScript } from "./egress-scripts.ts";
import type { SandboxOptions } from "./options.ts";
import { workspace } from "./paths.ts";
import { keeperScript, stateDir } from "./shell-scripts.ts";

/** Whom commands run as: any number but 0 that images rarely give to somebody else. */
export const userId = 1000;

/** What containers and volumes are known by. `workspace`: the volume that holds an owner's files, where it is not the one of that name. */
export const label = {
  home: "hermes.home",
  owner: "hermes.owner",
  name: "hermes.label",
  spec: "hermes.spec",
  network: "hermes.network",
  warm: "hermes.warm",
  workspace: "hermes.workspace",
} as const;

/** Everything about a container but its name, its labels and its workspace: what changes it makes an old container unfit. */
export function containerSpec(options: SandboxOptions, podman: boolean) {
  const bytes = options.memoryMb * megabyte;
  const { tmpMb, stateMb } = scratchSizes(options);
  // runc may forget the mode, at the second start at the latest: so they belong to the only user in it. Podman takes no owner but that one.
  const owner = podman ? "U" : `uid=${userId},gid=${userId}`;
  const owned = `mode=0700,${owner}`;
  const scratch = podman ? `mode=1777,${owner}` : "mode=1777";
  const onList = options.network === "allow";
  return {
    Image: options.image,
    User: `${userId}:${userId}`,
    WorkingDir: workspace,
    Hostname: "sandbox",
    Entrypoint: ["sh", "-c", entryScript(options), "sh"],
    Cmd: ["keep"],
    Env: [
      `HOME=${workspace}`,
      "USER=hermes",
      "LOGNAME=hermes",
      "LANG=C.UTF-8",
      "TERM=dumb",
      "PIP_CACHE_DIR=/tmp/pip",
      ...(onList ? egressEnvironment : []),
    ],
    StopSignal: "SIGKILL",
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      // By list: no interface either, only the way to the proxy.
      NetworkMode: options.network === "full" ? "bridge" : "none",
      PidsLimit: options.pids,
      Memory: bytes,
      MemorySwap: bytes,
      NanoCpus: Math.round(options.cpus * 1e9),
      IpcMode: "private",
      Tmpfs: {
        "/tmp": `rw,nosuid,nodev,exec,${scratch},size=${tmpMb}m`,
        "/var/tmp": `rw,nosuid,nodev,noexec,${scratch},size=${tmpMb}m`,
        "/run": `rw,nosuid,nodev,noexec,${owned},size=16m`,
        [stateDir]: `rw,nosuid,nodev,noexec,${owned},size=${stateMb}m`,
      },
      Ulimits: [
        { Name: "core", Soft: 0, Hard: 0 },
        // Where the engine can't limit the workspace, a file that grows without end ends here all the same.
        { Name: "fsize", Soft: options.diskMb * megabyte, Hard: options.diskMb * megabyte },
        // Podman would ask for a million of each, which not every host may give.
        { Name: "nofile", Soft: openFiles, Hard: openFiles },
        ...(podman ? [{ Name: "nproc", Soft: podmanProcesses, Hard: podmanProcesses }] : []),
      ],
      LogConfig: { Type: "none", Config: {} },
    },
  };
}

const megabyte = 1024 * 1024;

/** Files and connections that one process may have open. */
const openFiles = 16_384;
/** Processes of the unprivileged user in all containers together: above what one may have, below what small hosts have to give. */
const podmanProcesses = 4_096;

/** Megabytes of what lies in memory: `/tmp` and `/var/tmp`, and the shells' own files. */
export function scratchSizes({ memoryMb }: Pick<SandboxOptions, "memoryMb">): {
  readonly tmpMb: number;
  readonly stateMb: number;
} {
  return {
    tmpMb: Math.max(16, Math.min(512, Math.floor(memoryMb / 4))),
    // Sixteen background processes that each keep two megabytes of what they print, and the commands themselves.
    stateMb: 48,
  };
}

/** How many containers are kept ready. Podman leaves a container's stdin open when its holder goes: they would outlive us. */
export function warmCount({ podman }: { readonly podman: boolean }, { warm }: Pick<SandboxOptions, "warm">): number {
  return podman ? 0 : warm;
}

/** What a sandbox container mounts: its workspace, and the way to the egress proxy where there is one. */
export function mountsOf(options: SandboxOptions, homeTag: string, volume: string) {
  return options.network === "allow"
    ? [volumeMount(volume, workspace), { ...volumeMount(egressVolume(homeTag), egressMount), ReadOnly: true }]
    : [volumeMount(volume, workspace)];
}

/** A volume at a place, as it is: the engine would otherwise give an empty one the owner that the image's directory has. */
export function volumeMount(volume: string, target: string) {
  const VolumeOptions = { NoCopy: true, Labels: {}, DriverConfig: { Name: "local", Options: {} } };
  return { Type: "volume" as const, Source: volume, Target: target, VolumeOptions };
}

/** The name of the egress proxy's container and of the volume with its socket. No owner's key has an underscore. */
export function egressVolume(homeTag: string): string {
  return `hermes-${homeTag}_egress`;
}

/** A short, stable name for anything. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

/**
 * What process 1 starts. `warm`: made ahead of need. Until somebody uses it, it lives as long as the process that holds its stdin;
 * started again later, it has no such holder and is a sandbox like any other.
 */
function entryScript(options: SandboxOptions): string {
  const lifetime = Math.ceil(options.lifetimeMs / 1000);
  // How often it looks whether it is in use: only then its idle time counts.
  const tick = Math.max(1, Math.min(15, Math.floor(lifetime / 4)));
  const forward = options.network === "allow" ? forwarderScript : "";
  return `${forward}
if [ "$1" = warm ]; then
  exec 3<&0
  { read -r x <&3; [ -f ${stateDir}/alive ] || kill -9 $$; } > /dev/null 2>&1 &
  exec 3<&- < /dev/null
  while [ ! -f ${stateDir}/alive ]; do sleep ${tick}; done
fi
${keeperScript(lifetime)}`;
}
