import { createHash } from "node:crypto";
import type { Sandbox, SandboxBackend, SandboxOwner } from "../core/sandbox.ts";
import type { Log } from "../core/log.ts";
import type { Machine } from "./machine.ts";
import { type ShellSession, shellSession } from "./shell-session.ts";

/** What differs between backends whose sandboxes have shells. */
export interface ShellBackend {
  readonly name: SandboxBackend["name"];
  readonly hint: string;
  readonly lifetimeMs: number;
  readonly log: Log;
  machine(owner: SandboxOwner): Machine;
  /** Lets go of what no session uses any more. */
  sweep(): Promise<void>;
  close(): Promise<void>;
  readonly about?: NonNullable<SandboxBackend["about"]>;
  readonly retire?: NonNullable<SandboxBackend["retire"]>;
}

/** One machine an owner, one long-lived shell a session. */
export function shellBackend(parts: ShellBackend): SandboxBackend {
  const machines = new Map<string, Machine>();
  const sessions = new Map<string, ShellSession>();
  const known = new Set<string>();

  const open = async (owner: SandboxOwner, session: string): Promise<Sandbox> => {
    const machine = machines.get(owner.key) ?? parts.machine(owner);
    machines.set(owner.key, machine);
    const key = `${owner.key}/${session}`;
    const found = sessions.get(key) ?? shellSession(machine, sessionTag(key), parts.log, known);
    sessions.set(key, found);
    try {
      await found.ready();
    } catch (thrown) {
      throw machine.failure(thrown);
    }
    // Only a machine that is up knows its directories.
    return { ...found.sandbox, backend: parts.name, workspace: machine.place.workspace };
  };

  const reap = async (): Promise<void> => {
    for (const [key, session] of sessions) {
      if (session.idleMs() < parts.lifetimeMs) continue;
      session.end();
      sessions.delete(key);
    }
    await parts.sweep();
  };

  const close = async (): Promise<void> => {
    for (const session of sessions.values()) session.end();
    sessions.clear();
    await parts.close();
  };

  const { name, hint, about, retire } = parts;
  return { name, hint, open, reap, close, ...(about && { about }), ...(retire && { retire }) };
}

/** A directory's name for whatever a session is called. */
function sessionTag(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}
