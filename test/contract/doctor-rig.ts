import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import type { FindingId } from "../../src/cli/doctor/ids.ts";
import { hermes } from "../../src/cli/hermes.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";

/** An empty home. */
export async function temporaryHome(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "hermes-doctor-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** A home whose record is somebody else's matter. */
export async function heldHome(t: TestContext): Promise<string> {
  const home = await temporaryHome(t);
  const service = await serveControl(home, { handle: async () => ({ ok: true, text: "" }) });
  t.after(() => service.close());
  return home;
}

/** What `--json` prints. */
export interface Told {
  readonly ok: boolean;
  readonly faults: number;
  readonly warnings: number;
  readonly results: readonly {
    readonly id: FindingId;
    readonly state: string;
    readonly text: string;
    readonly fixable: boolean;
  }[];
  readonly mended: readonly { readonly id: FindingId; readonly done: boolean; readonly text: string }[];
}

/** A doctor that finds no model server and no engine, as a program reads it. */
export async function doctor(home: string, options: readonly string[], env: Readonly<Record<string, string>> = {}) {
  let out = "";
  const status = await hermes(["doctor", "--quick", "--json", ...options], {
    env: { HERMES_HOME: home, HERMES_MODEL_PROBE: "", HERMES_HTTP_PORT: "0", DOCKER_HOST: "unix:///nonexistent.sock", ...env },
    stdin: Readable.from([]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => undefined },
  });
  // Boundary: its own JSON.
  const told = JSON.parse(out) as Told;
  const says = (id: FindingId): string =>
    told.results
      .filter((each) => each.id === id)
      .map(({ state, text }) => `${state} ${text}`)
      .join("\n");
  const did = (id: FindingId): string =>
    told.mended
      .filter((each) => each.id === id)
      .map(({ done, text }) => `${done ? "done" : "left"} ${text}`)
      .join("\n");
  return { status, told, says, did };
}
