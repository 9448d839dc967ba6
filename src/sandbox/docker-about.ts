import type Docker from "dockerode";
import type { Engine } from "./docker-engine.ts";
import { digest, label, scratchSizes, warmCount } from "./docker-spec.ts";
import { limitsDisk } from "./docker-volumes.ts";
import type { SandboxOptions } from "./options.ts";

/** What there is to know about this installation's containers, a line each, for people. Nothing in it is about one of them. */
export async function aboutDocker(engine: Engine, options: SandboxOptions): Promise<readonly string[]> {
  const { docker, address } = engine;
  const homeTag = digest(options.home);
  const [disk, { running, warm }, { Version }] = await Promise.all([
    diskLine(docker, options),
    counted(docker, homeTag),
    docker.version(),
  ]);
  const { tmpMb } = scratchSizes(options);
  const idle = options.lifetimeMs / 60_000;
  return [
    `Engine: ${Version} at ${address}`,
    `Image: ${options.image}`,
    `Limits of each: ${options.cpus} cores, ${options.memoryMb} MB of memory without swap, ${options.pids} processes, ${tmpMb} MB each in /tmp and /var/tmp`,
    `Disk: ${disk}`,
    `Network: ${networkLine(options)}`,
    `Running: ${running} in use, ${warm} of ${warmCount(engine, options)} ready for new chats; one that nobody uses stops after ${Math.round(idle * 10) / 10} minutes and keeps its files`,
  ];
}

/** An engine's data stays where it is while it is connected. */
const limits = new WeakMap<Docker, Promise<boolean>>();

/** Whether `terminal.container_disk` holds, and what would make it. */
export async function diskLine(docker: Docker, { home, diskMb }: Pick<SandboxOptions, "home" | "diskMb">): Promise<string> {
  const known = limits.get(docker) ?? limitsDisk(docker, `hermes-${digest(home)}_probe`);
  limits.set(docker, known);
  if (await known) return `${diskMb} MB of workspace`;
  return `not limited: this engine's file system has no project quotas, so terminal.container_disk (${diskMb} MB) holds for each file alone, not for all together. They need its data directory on xfs mounted with pquota.`;
}

function networkLine({ network, networkAllow }: SandboxOptions): string {
  switch (network) {
    case "none":
      return "none";
    case "full":
      return "everything (terminal.docker_network)";
    case "allow":
      return `by HTTP and HTTPS, only ${networkAllow.join(", ")}`;
  }
}

async function counted(docker: Docker, homeTag: string): Promise<{ readonly running: number; readonly warm: number }> {
  const found = await docker.listContainers({ filters: { label: [`${label.home}=${homeTag}`] } });
  const names = found.map(({ Names }) => Names[0] ?? "");
  const warm = names.filter((name) => name.includes("_warm-")).length;
  return { warm, running: names.filter((name) => !name.includes("_")).length };
}
