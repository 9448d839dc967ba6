import { asFailure } from "../core/failures.ts";
import type { SandboxBackend } from "../core/sandbox.ts";
import { engineAddresses, noSocket } from "./engine-addresses.ts";
import type { SandboxOptions } from "./options.ts";

export type { SandboxOptions } from "./options.ts";

/** ONE LINE A BACKEND. Loaded where it is used: the clients of engines and hosts cost a start 0.2 s. */
const backends = {
  docker: async (options) => (await import("./docker.ts")).openDocker(options),
  local: async (options) => (await import("./local.ts")).openLocal(options),
  ssh: async (options) => (await import("./ssh.ts")).openSsh(options),
  virtual: async (options) => (await import("./virtual.ts")).openVirtual(options),
} as const satisfies Record<string, (options: SandboxOptions) => Promise<SandboxBackend>>;

export type SandboxBackendName = keyof typeof backends;

/** All backends by name: for the tests that walk them. */
export const sandboxBackends: readonly string[] = Object.keys(backends);

/** The backend that was opened, and one sentence why: for `/status` and `hermes doctor`. */
export type ChosenSandboxes = SandboxBackend & { readonly why: string };

/**
 * Opens the configured backend. `auto` is docker where an engine answers and has (or can pull) the image, else virtual: never
 * the host
 * itself. Throws `sandbox.unavailable` when the one that was named can't be used.
 */
export async function openSandboxes(choice: "auto" | SandboxBackendName, options: SandboxOptions): Promise<ChosenSandboxes> {
  if (choice !== "auto") {
    const backend = await backends[choice](options);
    return { ...backend, why: `terminal.backend is ${choice}.` };
  }
  if (engineAddresses(options.dockerHost).length === 0) return await virtualInstead(options, noSocket);
  try {
    const backend = await backends.docker(options);
    return { ...backend, why: "A Docker engine answers and has the image, so commands run in containers." };
  } catch (thrown) {
    return await virtualInstead(options, asFailure(thrown).message);
  }
}

async function virtualInstead(options: SandboxOptions, reason: string): Promise<ChosenSandboxes> {
  options.log.info({ reason }, "commands run in the virtual sandbox");
  const backend = await backends.virtual(options);
  return { ...backend, why: `Commands run in the virtual sandbox, because docker can't be used: ${reason}` };
}
