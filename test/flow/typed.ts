import { Readable } from "node:stream";
import { hermes } from "../../src/cli/hermes.ts";

/** What a command line came to. */
export interface Typed {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `hermes ARGS` as typed on the machine of a service with this home: a process for it would cost a second of the processor. */
export async function typed(home: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Typed> {
  const said = { out: "", err: "" };
  const status = await hermes(args, {
    env: { PATH: process.env["PATH"] ?? "", HERMES_HOME: home, ...env },
    stdin: Readable.from([]),
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
  });
  return { status, stdout: said.out, stderr: said.err };
}
