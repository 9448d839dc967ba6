import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { hermes } from "../../src/cli/hermes.ts";

/** A home of its own, empty. */
export async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-config-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** What a command said. */
export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hermes config` in this process. */
export async function config(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  let [out, err] = ["", ""];
  const status = await hermes(["config", ...args], {
    env: { HERMES_HOME: home, PATH: process.env["PATH"] ?? "", ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { status, out, err };
}

/** What stands in config.yaml. */
export const written = (home: string): Promise<string> => readFile(join(home, "config.yaml"), "utf8");
