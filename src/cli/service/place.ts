import { stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import type { Context } from "../context.ts";
import { launchd } from "./launchd.ts";
import { type Account, type ServiceMode, serviceName } from "./plan.ts";
import { runProgram } from "./programs.ts";
import type { Supervisor } from "./supervisor.ts";
import { systemd } from "./systemd.ts";

/** Whose service it is about, and on what kind of system. */
export interface Place {
  readonly home: string;
  /** The home without HERMES_HOME: its service bears the plain name. */
  readonly usualHome: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Who typed `sudo`, or was named: whom a service of the whole system runs as. */
  readonly account: Account | null;
}

export interface PlaceOptions {
  /** Whom a service of the whole system runs as. */
  readonly runAs?: string | undefined;
  readonly platform?: NodeJS.Platform | undefined;
}

/** With `sudo`, the home is that of who typed it: root's own would be another one, without any configuration. */
export async function placeOf({ env, home }: Pick<Context, "env" | "home">, options: PlaceOptions = {}): Promise<Place> {
  const { uid } = userInfo();
  const named = options.runAs ?? (uid === 0 ? env["SUDO_USER"] : undefined);
  const account = named === undefined ? null : await accountOf(named, env);
  const usualHome = join(account?.home ?? env["HOME"] ?? homedir(), ".hermes");
  const given = (env["HERMES_HOME"] ?? "").trim() !== "";
  const base = { env, uid, account, usualHome, platform: options.platform ?? process.platform };
  return { ...base, home: given || account === null ? home : usualHome };
}

/** What can look after a service here, by scope. Null on systems that have neither systemd nor launchd. */
export function supervisorFor(place: Place, mode: ServiceMode, scope: "user" | "system"): Supervisor | null {
  const { env, platform, uid } = place;
  const name = serviceName(mode, place.home, plainHome(place, scope));
  if (platform === "win32") return null;
  return platform === "darwin" ? launchd({ env, scope, name, uid }) : systemd({ env, scope, name });
}

/** The home whose service bears the plain name: a user's usual one. All accounts of a machine share the names of the system's services. */
export function plainHome({ usualHome }: Pick<Place, "usualHome">, scope: "user" | "system"): string {
  return scope === "system" ? "" : usualHome;
}

/** Throws when this account would leave files in somebody else's home that they can't use. */
export async function refuseForeignHome(place: Place): Promise<void> {
  const owner = await stat(place.home).then(
    ({ uid }) => uid,
    () => place.account?.uid ?? place.uid,
  );
  if (place.uid !== 0 || owner === 0) return;
  throw new Failure(
    "config.invalid",
    `${place.home} belongs to another account (number ${owner}); as root it would become unusable for it.`,
    {
      advice: "Type it without sudo, as that account.",
    },
  );
}

async function accountOf(name: string, env: Environment): Promise<Account> {
  if (/^[A-Za-z_][\w.-]*\$?$/.test(name)) {
    const { status, out } = await runProgram("sh", ["-c", `id -u '${name}' && id -g '${name}' && echo ~${name}`], env);
    const [uid, gid, home] = out.trim().split("\n");
    if (status === 0 && home?.startsWith("/") === true) return { name, uid: Number(uid), gid: Number(gid), home };
  }
  throw new Failure("config.invalid", `There is no account ${JSON.stringify(name)} on this machine.`, {
    advice: "Name one that exists: hermes gateway install --system --run-as NAME",
  });
}
