import { Duplex } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import { Failure } from "../core/failures.ts";
import { engineAddresses, noSocket } from "./engine-addresses.ts";
import { inTime } from "./in-time.ts";
import type { SandboxOptions } from "./options.ts";

/** A Docker engine that has answered. */
export interface Engine {
  readonly docker: Docker;
  /** The address as a person would recognise it. */
  readonly address: string;
  /** It is Podman, which takes some things differently. */
  readonly podman: boolean;
}

const pingMs = 5_000;
/** A pull that reports nothing for so long is given up: behind a firewall it would otherwise hang the start. */
const pullStallMs = 20_000;

/** Finds the engine at `dockerHost`, or at one of the usual sockets. Throws `sandbox.unavailable`. */
export async function connectEngine(dockerHost: string | null): Promise<Engine> {
  const addresses = engineAddresses(dockerHost);
  let last: unknown = new Error(noSocket);
  for (const address of addresses) {
    try {
      const docker = new Docker(connection(address));
      await inTime(docker.ping(), pingMs, "the answer");
      const { Components } = await inTime(docker.version(), pingMs, "the answer");
      return { docker, address, podman: Components.some(({ Name }) => Name.startsWith("Podman")) };
    } catch (thrown) {
      last = thrown;
    }
  }
  throw engineFailure(last, addresses[0] ?? "unix:///var/run/docker.sock");
}

/** Holds one stream of a container, begun or not. */
export async function hold(container: Docker.Container, stream: "stdin" | "stdout"): Promise<Duplex> {
  const held = await container.attach({ stream: true, [stream]: true, hijack: true });
  // dockerode's types know less of it than it is.
  if (!(held instanceof Duplex)) throw new Error("the engine's connection can't be held");
  return held;
}

/** Makes sure the image is on the engine, pulling it if need be. Throws `sandbox.unavailable`. */
export async function ensureImage(
  engine: Engine,
  image: string,
  { log, report }: Pick<SandboxOptions, "log" | "report">,
): Promise<void> {
  try {
    await engine.docker.getImage(image).inspect();
    return;
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw engineFailure(thrown, engine.address);
  }
  log.info({ image }, `pulling the sandbox image ${image}`);
  report(`I get the image that commands run in (${image}) first; that takes a while, once.`);
  const layers = pulledLayers();
  try {
    await pull(engine.docker, image, (event) => {
      const percent = layers.take(event);
      if (percent !== null) report(`I get the image that commands run in (${image}) first: ${percent} % …`);
    });
  } catch (thrown) {
    throw new Failure(
      "sandbox.unavailable",
      `The sandbox image ${image} is not on the Docker engine and can't be pulled: ${messageOf(thrown)}`,
      {
        advice: `Pull it by hand (docker pull ${image}) or name another with: hermes config set terminal.docker_image IMAGE`,
        cause: thrown,
      },
    );
  }
}

/** Any error of the engine as a failure with the mend. */
export function engineFailure(thrown: unknown, address: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = codeOf(thrown);
  if (code === "EACCES") {
    return new Failure("sandbox.unavailable", `The Docker engine at ${address} refuses this user.`, {
      advice: "Add the user to the docker group, or point DOCKER_HOST to an engine it may use.",
      cause: thrown,
    });
  }
  if (statusOf(thrown) !== null) {
    return new Failure("sandbox.unavailable", `The Docker engine at ${address} could not do its part: ${messageOf(thrown)}`, {
      advice: "Look at the engine's log (journalctl -u docker), or set terminal.backend: virtual.",
      retryable: true,
      cause: thrown,
    });
  }
  return new Failure("sandbox.unavailable", `The Docker engine at ${address} does not answer: ${messageOf(thrown)}`, {
    advice: "Start Docker, set DOCKER_HOST, or use terminal.backend: virtual.",
    retryable: true,
    cause: thrown,
  });
}

/** The engine's HTTP status, or null for an error that is none of its answers. */
export function statusOf(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !("statusCode" in thrown) || typeof thrown.statusCode !== "number") return null;
  // Podman has no word of its own for a name that somebody else has taken meanwhile.
  return thrown.statusCode === 500 && /already (?:in use|exists)/.test(thrown.message) ? 409 : thrown.statusCode;
}

/** The one line of an error that a person wants to see. */
function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).trim().split("\n")[0] ?? "";
}

async function pull(docker: Docker, image: string, onEvent: (event: unknown) => void): Promise<void> {
  const controller = new AbortController();
  const stalled = (): void => controller.abort(new Error(`no progress for ${pullStallMs / 1000} seconds`));
  let timer = setTimeout(stalled, pullStallMs);
  try {
    const name = /[:@]/.test(image.slice(image.lastIndexOf("/") + 1)) ? image : `${image}:latest`;
    const stream = await docker.pull(name, { abortSignal: controller.signal });
    await new Promise<void>((resolve, reject) => {
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason));
      docker.modem.followProgress(
        stream,
        (error: Error | null) => (error === null ? resolve() : reject(error)),
        (event: unknown) => {
          // The library takes an engine's error in the stream for a report like any other.
          const failed = errorEvent.safeParse(event);
          if (failed.success) reject(new Error(failed.data.error));
          onEvent(event);
          clearTimeout(timer);
          timer = setTimeout(stalled, pullStallMs);
        },
      );
    });
  } catch (thrown) {
    throw controller.signal.aborted ? controller.signal.reason : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** How much of an image has come, from the engine's reports of its layers; null before anything is known, and when it stays the same. */
export function pulledLayers(): { take(event: unknown): number | null } {
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  let last = -1;
  return {
    take(event) {
      const parsed = layerEvent.safeParse(event);
      if (!parsed.success) return null;
      const { id, status, progressDetail } = parsed.data;
      const known = layers.get(id);
      if (status === "Downloading") layers.set(id, progressDetail);
      else if (known !== undefined) layers.set(id, { ...known, current: known.total });
      const all = [...layers.values()];
      const total = all.reduce((sum, layer) => sum + layer.total, 0);
      const percent = total === 0 ? -1 : Math.floor((100 * all.reduce((sum, layer) => sum + layer.current, 0)) / total);
      if (percent < 0 || percent === last) return null;
      last = percent;
      return percent;
    },
  };
}

const errorEvent = z.object({ error: z.string() });

/** As much of the engine's report as is used. */
const layerEvent = z.object({
  id: z.string(),
  status: z.string(),
  progressDetail: z.object({ current: z.number().default(0), total: z.number().default(0) }).default({ current: 0, total: 0 }),
});

function connection(address: string): Docker.DockerOptions {
  if (address.startsWith("unix://")) return { socketPath: address.slice("unix://".length) };
  if (address.startsWith("/")) return { socketPath: address };
  let url: URL;
  try {
    url = new URL(address.replace(/^tcp:/, "http:"));
  } catch {
    throw new Error(`${address} is not an address like unix:///var/run/docker.sock or tcp://host:2375`);
  }
  const protocol = url.protocol === "https:" || url.port === "2376" ? "https" : "http";
  return { protocol, host: url.hostname, port: url.port === "" ? 2375 : Number(url.port) };
}

function codeOf(thrown: unknown): string | null {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
  return typeof code === "string" ? code : null;
}
