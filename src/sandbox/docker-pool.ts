import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { hold } from "./docker-engine.ts";
import { type containerSpec, label, mountsOf } from "./docker-spec.ts";
import { createVolume, giveVolume, removeVolume } from "./docker-volumes.ts";
import type { SandboxOptions } from "./options.ts";
import { workspace } from "./paths.ts";

/** A container that runs and that nobody has used, with a volume of the same name. */
export interface Warm {
  readonly name: string;
  readonly container: Docker.Container;
}

/**
 * Containers made ahead of need by this process, for this process alone: no two can claim one. Each lives as long as we hold its stdin,
 * so that none outlives us unused.
 */
export interface Pool {
  /** One of them, which is nobody else's from then on. */
  take(): Warm | null;
  /** One that turned out not to be needed, and was not used. */
  giveBack(warm: Warm): void;
  /** Sees to it that there are as many as there should be. */
  refill(): void;
  /** Makes no more, and removes those that are there. */
  close(): Promise<void>;
}

export interface PoolParts {
  readonly docker: Docker;
  readonly options: SandboxOptions;
  readonly homeTag: string;
  readonly spec: ReturnType<typeof containerSpec>;
  readonly specTag: string;
  /** How many to keep ready. */
  readonly warm: number;
}

/** After a failure, nothing is made for so long. */
const pauseMs = 30_000;

export function warmPool(parts: PoolParts): Pool {
  const { docker, options } = parts;
  const ready: Warm[] = [];
  const holds = new Map<string, Duplex>();
  let making: Promise<void> | null = null;
  let closed = false;
  let notBefore = 0;

  const discard = async ({ name, container }: Warm): Promise<void> => {
    holds.get(name)?.destroy();
    holds.delete(name);
    await container.remove({ force: true }).catch(() => undefined);
    await removeVolume(docker, name).catch(() => undefined);
  };
  const fill = async (): Promise<void> => {
    while (!closed && ready.length < parts.warm) {
      const made = await makeOne(parts);
      holds.set(made.warm.name, made.hold);
      made.hold.once("close", () => {
        holds.delete(made.warm.name);
        const at = ready.indexOf(made.warm);
        if (at === -1) return;
        ready.splice(at, 1);
        void discard(made.warm);
      });
      ready.push(made.warm);
    }
  };
  return {
    take: () => ready.shift() ?? null,
    giveBack: (warm) => void (closed || !holds.has(warm.name) ? discard(warm) : ready.push(warm)),
    refill() {
      if (closed || making !== null || Date.now() < notBefore) return;
      making = fill()
        .catch((error: unknown) => {
          notBefore = Date.now() + pauseMs;
          options.log.debug({ error: String(error) }, "no sandbox could be made ahead of need");
        })
        .finally(() => (making = null));
    },
    async close() {
      closed = true;
      await making;
      await Promise.all(ready.splice(0).map(discard));
      for (const held of holds.values()) held.destroy();
    },
  };
}

/** The name of a container that is made ahead. No owner's key has an underscore. */
export function warmName(homeTag: string, id = randomBytes(6).toString("hex")): string {
  return `hermes-${homeTag}_warm-${id}`;
}

async function makeOne({ docker, options, homeTag, spec, specTag }: PoolParts): Promise<{ warm: Warm; hold: Duplex }> {
  const name = warmName(homeTag);
  const labels = { [label.home]: homeTag, [label.warm]: "1" };
  const volume = { name, labels, diskMb: options.diskMb };
  await createVolume(docker, volume);
  try {
    await giveVolume(docker, options.image, volume, workspace);
    const container = await docker.createContainer({
      ...spec,
      name,
      Cmd: ["warm"],
      OpenStdin: true,
      StdinOnce: true,
      Labels: { ...labels, [label.spec]: specTag, [label.network]: options.network },
      HostConfig: { ...spec.HostConfig, Mounts: mountsOf(options, homeTag, name) },
    });
    const held = await hold(container, "stdin");
    try {
      // Whatever happens to the engine shows in the stream's end.
      held.on("error", () => held.destroy());
      held.resume();
      await container.start();
    } catch (thrown) {
      held.destroy();
      throw thrown;
    }
    return { warm: { name, container }, hold: held };
  } catch (thrown) {
    await docker
      .getContainer(name)
      .remove({ force: true })
      .catch(() => undefined);
    await removeVolume(docker, name).catch(() => undefined);
    throw thrown;
  }
}
