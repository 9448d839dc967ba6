import { createHash } from "node:crypto";
import type { Sandbox, SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import { dockerContainers } from "./docker-container.ts";
import { connectEngine, engineFailure, ensureImage } from "./docker-engine.ts";
import { dockerMachine } from "./docker-machine.ts";
import type { SandboxOptions } from "./options.ts";
import { type ShellSession, shellSession } from "./shell-session.ts";

/**
 * Containers on a Docker engine: one an owner, one long-lived shell a session. Throws `sandbox.unavailable` when it can't be
 * used.
 */
export async function openDocker(options: SandboxOptions): Promise<SandboxBackend> {
  const engine = await connectEngine(options.dockerHost);
  await ensureImage(engine, options.image, options.log);
  const containers = dockerContainers(engine, options);
  const sessions = new Map<string, ShellSession>();
  const known = new Set<string>();

  const open = async (owner: SandboxOwner, session: string): Promise<Sandbox> => {
    const key = `${owner.key}/${session}`;
    const found =
      sessions.get(key) ?? shellSession(dockerMachine(engine, containers, owner, options), sessionTag(key), options.log, known);
    sessions.set(key, found);
    try {
      await found.ready();
    } catch (thrown) {
      throw engineFailure(thrown, engine.address);
    }
    return found.sandbox;
  };

  const reap = async (): Promise<void> => {
    for (const [key, session] of sessions) {
      if (session.idleMs() < options.lifetimeMs) continue;
      session.end();
      sessions.delete(key);
    }
    try {
      await containers.sweep();
    } catch (thrown) {
      throw engineFailure(thrown, engine.address);
    }
  };

  const close = async (): Promise<void> => {
    for (const session of sessions.values()) session.end();
    sessions.clear();
  };

  return { name: "docker", hint: hintFor(options), open, reap, close };
}

/** A directory's name for whatever a session is called. */
function sessionTag(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

function hintFor(options: SandboxOptions): string {
  const network = options.network === "none" ? "no network" : "network on";
  return `A Linux container (${options.image}), not root, ${network}, ${options.memoryMb} MB memory; only /workspace is kept, /tmp is scratch.`;
}
