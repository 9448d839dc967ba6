import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import type { Account } from "./plan.ts";
import { complaint, runProgram } from "./programs.ts";

/**
 * Makes a home where there is none: the service begins there. For another account it is made with that account's rights, never given
 * away afterwards: whoever owns the way there could have put a link to any folder in its place.
 */
export async function makeHome(home: string, account: Account | null, env: Environment): Promise<void> {
  const folder = join(home, "logs");
  const refused = (cause: unknown, words = "") =>
    new Failure("config.invalid", `${home} can't be made${words}.`, {
      advice: "Make it writable, or set HERMES_HOME.",
      cause,
    });
  if (account === null) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
      throw refused(thrown);
    });
    return;
  }
  const ran = await runProgram("sh", ["-c", 'umask 077; exec mkdir -p -- "$1"', "sh", folder], env, undefined, account);
  if (ran.status !== 0) throw refused(ran, ` as ${account.name} (${complaint(ran, "mkdir")})`);
}
