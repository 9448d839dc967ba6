import type Docker from "dockerode";
import { Failure } from "../core/failures.ts";
import { type Engine, hold, statusOf } from "./docker-engine.ts";
import { containerSpec, digest, egressVolume, label, userId, volumeMount } from "./docker-spec.ts";
import { createVolume, giveVolume, removeVolume } from "./docker-volumes.ts";
import { egressMount, proxyPids, proxyScript } from "./egress-scripts.ts";
import { inTime } from "./in-time.ts";
import type { SandboxOptions } from "./options.ts";

/** The one container with a network, and the only way out for sandboxes that have a list of hosts. */
export interface Egress {
  /** Sees to it that it runs, with the list as it is now. Safe to call from several processes at once. */
  ensure(): Promise<void>;
  /** Removes it once no sandbox runs that could use it. */
  sweep(): Promise<void>;
}

/** Longest it may take to say that it listens. */
const readyMs = 10_000;
/** A younger one may be waiting for the sandbox that it was made for. */
const youngMs = 10 * 60_000;

export function egressProxy({ docker, podman }: Engine, options: SandboxOptions): Egress {
  const homeTag = digest(options.home);
  const name = egressVolume(homeTag);
  const spec = proxySpec(options, name, podman);
  const specTag = digest(JSON.stringify(spec));
  const labels = { [label.home]: homeTag };

  const create = async (): Promise<void> => {
    const volume = { name, labels, diskMb: 16 };
    await createVolume(docker, volume);
    await giveVolume(docker, options.image, volume, egressMount);
    const container = await docker.createContainer({ ...spec, name, Labels: { ...labels, [label.spec]: specTag } });
    await begin(container, options.image);
  };

  const ensure = async (attempts = 4): Promise<void> => {
    const container = docker.getContainer(name);
    try {
      const info = await container.inspect();
      const fits = info.Config.Labels[label.spec] === specTag;
      if (fits && info.State.Running) return;
      // Another process is about to start it.
      const fresh = Date.now() - Date.parse(info.Created) < readyMs;
      if (fits && info.State.Status === "created" && fresh && attempts > 0) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return await ensure(attempts - 1);
      }
      if (fits) return await begin(container, options.image);
      await container.remove({ force: true });
    } catch (thrown) {
      // 404: not there (any more). 409: another process is removing it.
      const status = statusOf(thrown);
      if (attempts === 0 || (status !== 404 && status !== 409)) throw thrown;
    }
    try {
      await create();
    } catch (thrown) {
      // 409: another process was faster; 404: one has removed it again.
      const status = statusOf(thrown);
      if (attempts === 0 || (status !== 409 && status !== 404)) throw thrown;
    }
    return await ensure(attempts - 1);
  };

  let ensuring: Promise<void> | null = null;
  return {
    ensure: () => (ensuring ??= ensure().finally(() => (ensuring = null))),
    async sweep() {
      const [proxy] = await docker.listContainers({ all: true, filters: { name: [`^/?${name}$`] } });
      if (proxy === undefined || Date.now() - proxy.Created * 1000 < youngMs) return;
      const filters = { label: [`${label.home}=${homeTag}`, `${label.network}=allow`] };
      if ((await docker.listContainers({ filters })).length > 0) return;
      await docker.getContainer(proxy.Id).remove({ force: true });
      await removeVolume(docker, name);
    },
  };
}

/** As a sandbox, but with a network, without a workspace, and small. */
function proxySpec(options: SandboxOptions, volume: string, podman: boolean) {
  const { HostConfig, StopSignal, Hostname, Image } = containerSpec(
    { ...options, network: "full", memoryMb: 128, cpus: 1 },
    podman,
  );
  return {
    Image,
    Hostname,
    StopSignal,
    User: `${userId}:${userId}`,
    WorkingDir: "/",
    Entrypoint: ["python3", "-I", "-c", proxyScript],
    Cmd: [...options.networkAllow],
    AttachStdout: true,
    HostConfig: {
      ...HostConfig,
      PidsLimit: proxyPids,
      Tmpfs: {},
      // It ends itself with 0 when nobody needs it.
      RestartPolicy: { Name: "on-failure" },
      Mounts: [volumeMount(volume, egressMount)],
    },
  };
}

/** Starts it and waits until it listens. */
async function begin(container: Docker.Container, image: string): Promise<void> {
  const stream = await hold(container, "stdout");
  const said = new Promise<boolean>((resolve) => {
    stream.once("data", () => resolve(true));
    stream.once("close", () => resolve(false));
    stream.once("error", () => resolve(false));
  });
  try {
    const others = await container.start().then(
      () => false,
      (thrown: unknown) => {
        // 304: somebody else has started it, and may have heard all that it says. Other refusals: there is no such program.
        if (statusOf(thrown) !== 304) throw statusOf(thrown) === 400 ? noPython(image, thrown) : thrown;
        return true;
      },
    );
    if (!others && !(await inTime(said, readyMs, "starting the way to the network"))) throw noPython(image, null);
  } catch (thrown) {
    await container.remove({ force: true }).catch(() => undefined);
    throw thrown;
  } finally {
    stream.destroy();
  }
}

function noPython(image: string, cause: unknown): Failure {
  return new Failure(
    "sandbox.unavailable",
    `terminal.docker_network_allow needs python3, and the image ${image} can't start it.`,
    {
      advice: "Name an image with Python (terminal.docker_image), or empty terminal.docker_network_allow.",
      cause,
    },
  );
}
