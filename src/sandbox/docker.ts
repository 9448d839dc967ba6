import type { SandboxBackend } from "../core/sandbox.ts";
import { dockerContainers } from "./docker-container.ts";
import { connectEngine, engineFailure, ensureImage } from "./docker-engine.ts";
import { dockerMachine } from "./docker-machine.ts";
import type { SandboxOptions } from "./options.ts";
import { shellBackend } from "./shell-backend.ts";

/** Containers on a Docker engine: one an owner. Throws `sandbox.unavailable` when it can't be used. */
export async function openDocker(options: SandboxOptions): Promise<SandboxBackend> {
  const engine = await connectEngine(options.dockerHost);
  await ensureImage(engine, options.image, options.log);
  const containers = dockerContainers(engine, options);
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
    close: () => Promise.resolve(),
  });
}

function hintFor(options: SandboxOptions): string {
  const network = options.network === "none" ? "no network" : "network on";
  return `A Linux container (${options.image}), not root, ${network}, ${options.memoryMb} MB memory; only /workspace is kept, /tmp is scratch.`;
}
