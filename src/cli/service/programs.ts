import { execFile } from "node:child_process";
import type { Environment } from "../../config/home.ts";
import type { Account } from "./plan.ts";

/** What a program of the system said. */
export interface Ran {
  /** Null when it was not found, or did not end in its time. */
  readonly status: number | null;
  readonly found: boolean;
  readonly out: string;
  readonly err: string;
}

/** Runs a program of the system, such as `systemctl`, perhaps with another account's rights. Never rejects: what went wrong is in the result. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Environment,
  withinMs = usualMs,
  account: Pick<Account, "uid" | "gid"> | null = null,
): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const rights = account === null ? {} : { uid: account.uid, gid: account.gid };
  const options = { env: { ...env, LC_ALL: "C" }, timeout: withinMs, maxBuffer: mostBytes, killSignal: "SIGKILL" } as const;
  execFile(program, [...args], { ...options, ...rights }, (error, out, err) => {
    const code = error === null ? 0 : error.code;
    resolve({ status: typeof code === "number" ? code : null, found: !notFound(code), out, err });
  });
  return await promise;
}

/** What a program complained of, on one line. */
export function complaint({ found, status, out, err }: Ran, program: string): string {
  if (!found) return `${program} was not found`;
  const [line] = [...err.split("\n"), ...out.split("\n")].map((each) => each.trim()).filter(Boolean);
  if (line !== undefined) return `${program} says: ${line.slice(0, mostChars)}`;
  return status === null ? `${program} did not answer in time` : `${program} ended with status ${status}`;
}

const usualMs = 15_000;
const mostBytes = 1024 * 1024;
const mostChars = 300;

function notFound(code: unknown): boolean {
  return code === "ENOENT" || code === "EACCES";
}
