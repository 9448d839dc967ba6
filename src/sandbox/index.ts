import { asFailure } from "../core/failures.ts";
import type { SandboxBackend } from "../core/sandbox.ts";
import { openDocker } from "./docker.ts";
import { openLocal } from "./local.ts";
import type { SandboxOptions } from "./options.ts";
import { openSsh } from "./ssh.ts";
import { openVirtual } from "./virtual.ts";

export type { SandboxOptions } from "./options.ts";

/** ONE LINE A BACKEND. */
const backends = {
  docker: openDocker,
  local: openLocal,
  ssh: openSsh,
  virtual: openVirtual,
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
  try {
    const backend = await backends.docker(options);
    return { ...backend, why: "A Docker engine answers and has the image, so commands run in containers." };
  } catch (thrown) {
    const { message } = asFailure(thrown);
    options.log.info({ reason: message }, "commands run in the virtual sandbox");
    const backend = await backends.virtual(options);
    return { ...backend, why: `Commands run in the virtual sandbox, because docker can't be used: ${message}` };
  }
}
