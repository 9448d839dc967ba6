import type { SandboxBackend } from "../core/sandbox.ts";
import { aboutDocker } from "./docker-about.ts";
import { dockerContainers } from "./docker-container.ts";
import { connectEngine, engineFailure, ensureImage } from "./docker-engine.ts";
import { dockerMachine } from "./docker-machine.ts";
import type { SandboxOptions } from "./options.ts";
import { shellBackend } from "./shell-backend.ts";

/** Containers on a Docker engine: one an owner. Throws `sandbox.unavailable` when it can't be used. */
export async function openDocker(options: SandboxOptions): Promise<SandboxBackend> {
  const engine = await connectEngine(options.dockerHost);
  await ensureImage(engine, options.image, options);
  const containers = dockerContainers(engine, options);
  try {
    await containers.open();
  } catch (thrown) {
    throw engineFailure(thrown, engine.address);
  }
  return shellBackend({
    name: "docker",
    hint: hintFor(options),
    lifetimeMs: options.lifetimeMs,
    log: options.log,
    machine: (owner) => dockerMachine(engine, containers, owner, options),
    async sweep() {
      try {
        await containers.sweep();
      } catch (thrown) {
        throw engineFailure(thrown, engine.address);
      }
    },
    about: () => aboutDocker(engine, options),
    retire: () => containers.close(),
    close: () => containers.close(),
  });
}

function hintFor(options: SandboxOptions): string {
  return `A Linux container (${options.image}), not root, ${networkWords(options)}, ${options.memoryMb} MB memory; only /workspace is kept, /tmp is scratch.`;
}

function networkWords({ network, networkAllow }: SandboxOptions): string {
  switch (network) {
    case "none":
      return "no network";
    case "full":
      return "network on";
    case "allow":
      return `web only to ${networkAllow.slice(0, 8).join(", ")}${networkAllow.length > 8 ? " and others" : ""} (by HTTP_PROXY)`;
  }
}
