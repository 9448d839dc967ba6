import { createHash } from "node:crypto";
import type { Sandbox } from "../core/sandbox.ts";
import { inWorkspace } from "./workspace.ts";

/** What a turn knows of the files it has worked on. It is kept with the turn's sandbox, and goes with it. */
export interface FileMemory {
  /** A file was read or written as this. */
  seen(path: string, data: Uint8Array): void;
  /** Whether it knows the file at all. */
  has(path: string): boolean;
  /** A file was changed by the agent itself, into what it knows. */
  changed(path: string): void;
  /** Whether the file was last seen with other content than this. */
  isStale(path: string, data: Uint8Array): boolean;
  /** Counts a failure for this file; how many there have been since its last change. */
  failed(path: string): number;
}

interface Known {
  readonly digests: Map<string, string>;
  readonly failures: Map<string, number>;
}

const memories = new WeakMap<Sandbox, Known>();

/** The memory that belongs to an opened sandbox. */
export function fileMemory(sandbox: Sandbox): FileMemory {
  const known = memories.get(sandbox) ?? { digests: new Map<string, string>(), failures: new Map<string, number>() };
  memories.set(sandbox, known);
  const { digests, failures } = known;
  const key = (path: string) => inWorkspace(sandbox, path);
  return {
    seen: (path, data) => void digests.set(key(path), digestOf(data)),
    has: (path) => digests.has(key(path)),
    changed: (path) => {
      digests.delete(key(path));
      for (const each of failures.keys()) if (each.split("\n").includes(path)) failures.delete(each);
    },
    isStale: (path, data) => {
      const before = digests.get(key(path));
      return before !== undefined && before !== digestOf(data);
    },
    failed: (path) => {
      const count = (failures.get(path) ?? 0) + 1;
      failures.set(path, count);
      return count;
    },
  };
}

function digestOf(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("base64");
}
