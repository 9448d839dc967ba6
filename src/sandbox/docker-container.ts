import type Docker from "dockerode";
import type { SandboxOwner } from "../core/sandbox.ts";
import { type Engine, statusOf } from "./docker-engine.ts";
import { type Pool, type PoolParts, warmName, warmPool } from "./docker-pool.ts";
import { containerSpec, digest, label, mountsOf, warmCount } from "./docker-spec.ts";
import { sweepVolumes } from "./docker-sweep.ts";
import { createVolume, giveVolume, type VolumeWish } from "./docker-volumes.ts";
import { egressProxy } from "./egress.ts";
import type { SandboxOptions } from "./options.ts";
import { workspace } from "./paths.ts";

/** A stopped container is kept this long for a quick start, then removed; its workspace volume stays. */
const keepStoppedMs = 60 * 60_000;
/** One made ahead that is not begun yet may be somebody's who is still at it. */
const keepCreatedMs = 10 * 60_000;

/** The containers of one installation on one engine. */
export interface Containers {
  /** Sees to what all sandboxes need, and makes the first ones ahead. */
  open(): Promise<void>;
  /** The owner's container, running: made, started or attached to as needed. Safe to call from several processes at once. */
  ensure(owner: SandboxOwner): Promise<Docker.Container>;
  /** Kills everything in it and starts it again; files in the workspace stay. */
  restart(owner: SandboxOwner): Promise<void>;
  /** Null while it runs; otherwise what is known about its end, for the model. */
  whyStopped(owner: SandboxOwner): Promise<string | null>;
  /** Removes containers that stopped long ago, and what dead processes had made ahead. */
  sweep(): Promise<void>;
  /** Makes nothing ahead any more, and removes what nobody has used. */
  close(): Promise<void>;
}

export function dockerContainers(engine: Engine, options: SandboxOptions): Containers {
  const { docker } = engine;
  const homeTag = digest(options.home);
  const nameOf = (owner: SandboxOwner): string => ownersName(homeTag, owner);
  const spec = containerSpec(options, engine.podman);
  const specTag = digest(JSON.stringify(spec));
  const parts = { docker, options, homeTag, spec, specTag };
  const pool = warmPool({ ...parts, warm: warmCount(engine, options) });
  const egress = egressProxy(engine, options);

  const { create, prepare } = maker(parts);

  const claim = (owner: SandboxOwner): Promise<boolean> => claimWarm(parts, pool, owner, nameOf(owner));

  const ensure = async (owner: SandboxOwner, attempts = 4, given = false): Promise<Docker.Container> => {
    const container = docker.getContainer(nameOf(owner));
    try {
      const info = await container.inspect();
      if (info.Config.Labels[label.spec] === specTag) {
        // The process that made it may still be at it, and no command may come before.
        if (info.State.Status === "created" && !given) await prepare(owner);
        if (!info.State.Running) await start(container);
        return container;
      }
      await container.remove({ force: true });
    } catch (thrown) {
      // 404: not there (any more). 409: another process is removing it.
      const status = statusOf(thrown);
      if (attempts === 0 || (status !== 404 && status !== 409)) throw thrown;
    }
    if (attempts < 4 || !(await claim(owner))) await create(owner);
    return ensure(owner, attempts - 1, true);
  };

  const ready = async (owner: SandboxOwner): Promise<Docker.Container> => {
    const [container] = await Promise.all([ensure(owner), options.network === "allow" ? egress.ensure() : null]);
    pool.refill();
    return container;
  };

  const whyStopped = async (owner: SandboxOwner): Promise<string | null> => {
    const info = await docker
      .getContainer(nameOf(owner))
      .inspect()
      .catch((thrown: unknown) => (statusOf(thrown) === 404 ? null : Promise.reject(thrown)));
    if (info === null) return "it was removed";
    if (info.State.Running) return null;
    return info.State.OOMKilled ? `it used more than its ${options.memoryMb} MB of memory` : "it was stopped";
  };

  const restart = async (owner: SandboxOwner): Promise<void> => {
    const container = docker.getContainer(nameOf(owner));
    await container.kill().catch((thrown: unknown) => {
      // 404 and 409: it is already gone or not running.
      if (statusOf(thrown) !== 404 && statusOf(thrown) !== 409) throw thrown;
    });
    await ready(owner);
  };

  const sweep = async (): Promise<void> => {
    const filters = { label: [`${label.home}=${homeTag}`], status: ["created", "exited", "dead"] };
    for (const { Id } of await docker.listContainers({ all: true, filters })) {
      const container = docker.getContainer(Id);
      const info = await container.inspect();
      if (info.State.Running) continue;
      const since = Math.max(Date.parse(info.Created), Date.parse(info.State.FinishedAt));
      const unclaimed = info.Name.startsWith(`/${warmName(homeTag, "")}`);
      const most = !unclaimed ? keepStoppedMs : info.State.Status === "created" ? keepCreatedMs : 0;
      if (Date.now() - since > most) await container.remove();
    }
    await sweepVolumes(docker, homeTag);
    await egress.sweep();
  };

  const open = async (): Promise<void> => {
    if (options.network === "allow") await egress.ensure();
    pool.refill();
  };

  return { open, ensure: ready, restart, whyStopped, sweep, close: () => pool.close() };
}

async function start(container: Docker.Container): Promise<void> {
  try {
    await container.start();
  } catch (thrown) {
    // 304: somebody else has started it.
    if (statusOf(thrown) !== 304) throw thrown;
  }
}

/** Makes owners' containers and volumes from nothing. */
function maker({ docker, options, homeTag, spec, specTag }: Omit<PoolParts, "warm">) {
  /** The volume that is called like the owner, made if need be, and the one that holds the files: another where it was made ahead. */
  const volumesOf = async (owner: SandboxOwner): Promise<{ readonly own: VolumeWish; readonly files: string }> => {
    const labels = { [label.home]: homeTag, [label.owner]: owner.key, [label.name]: owner.label };
    const own = { name: ownersName(homeTag, owner), labels, diskMb: options.diskMb };
    return { own, files: (await createVolume(docker, own))[label.workspace] ?? own.name };
  };
  const give = async (own: VolumeWish, files: string): Promise<void> => {
    if (files === own.name) await giveVolume(docker, options.image, own, workspace);
  };

  const create = async (owner: SandboxOwner): Promise<void> => {
    const { own, files } = await volumesOf(owner);
    const giving = give(own, files);
    try {
      await docker.createContainer({
        ...spec,
        name: own.name,
        Labels: { ...own.labels, [label.spec]: specTag, [label.network]: options.network },
        HostConfig: { ...spec.HostConfig, Mounts: mountsOf(options, homeTag, files) },
      });
    } catch (thrown) {
      // 409: another process was faster; its container is as good.
      if (statusOf(thrown) !== 409) throw thrown;
    } finally {
      await giving;
    }
  };

  return { create, prepare: (owner: SandboxOwner) => volumesOf(owner).then(({ own, files }) => give(own, files)) };
}

/**
 * Makes a container that was made ahead the owner's. A volume of the owner's name that says where the files are decides who was first:
 * an owner who has files already keeps them, and two processes agree.
 */
async function claimWarm(
  { docker, options, homeTag }: Omit<PoolParts, "warm">,
  pool: Pool,
  owner: SandboxOwner,
  name: string,
): Promise<boolean> {
  const warm = pool.take();
  if (warm === null) return false;
  const labels = { [label.home]: homeTag, [label.owner]: owner.key, [label.name]: owner.label, [label.workspace]: warm.name };
  const decided = await createVolume(docker, { name, labels, diskMb: options.diskMb }).catch((thrown: unknown) => {
    pool.giveBack(warm);
    throw thrown;
  });
  if (decided[label.workspace] !== warm.name) {
    pool.giveBack(warm);
    return false;
  }
  try {
    await warm.container.rename({ name });
    return true;
  } catch {
    // Another process has made a container over the same files, or this one is gone: those files are the owner's all the same.
    await warm.container.remove({ force: true }).catch(() => undefined);
    return false;
  }
}

function ownersName(homeTag: string, owner: SandboxOwner): string {
  return `hermes-${homeTag}-${owner.key}`;
}
