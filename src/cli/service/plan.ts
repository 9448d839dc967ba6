import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import { redact } from "../../core/redact.ts";
import type { Mode } from "../context.ts";

/** What a service runs: everything, the platforms only, or the turns only. */
export type ServiceMode = Extract<Mode, "all" | "gateway" | "worker">;

/** What a service manager is to run. */
export interface ServicePlan {
  /** The unit's name without its ending: `hermes-team`. */
  readonly name: string;
  readonly mode: ServiceMode;
  readonly home: string;
  /** The program with its arguments; paths are absolute. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How long a stop may take: the drain, and what comes after it. */
  readonly stopSeconds: number;
  /** Who a service of the whole system runs as; null for a service of one's own. */
  readonly account: Account | null;
}

/** An account of this machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface PlanInput {
  readonly mode: ServiceMode;
  readonly home: string;
  readonly usualHome: string;
  readonly env: Environment;
  readonly drainSeconds: number;
  readonly account: Account | null;
}

/** The plan for one home and mode. Throws `config.invalid` for paths that no unit can hold. */
export function planService({ mode, home, usualHome, env, drainSeconds, account }: PlanInput): ServicePlan {
  const command = [existsSync(ownNode) ? ownNode : process.execPath, launcher, modeCommands[mode]];
  const environment = { HERMES_HOME: home, PATH: searchPath(env), ...handedOn(env) };
  for (const text of [...command, ...Object.values(environment)]) refuseOddities(text);
  const name = serviceName(mode, home, usualHome);
  return { name, mode, home, command, environment, stopSeconds: drainSeconds + closingSeconds, account };
}

/** The unit's name: one for each mode, and one for each home but the usual one. */
export function serviceName(mode: ServiceMode, home: string, usualHome: string): string {
  const kind = mode === "all" ? "" : `-${mode}`;
  const place = home === usualHome ? "" : `-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`;
  return `hermes-team${kind}${place}`;
}

/** What each mode's command is called. */
export const modeCommands: Readonly<Record<ServiceMode, string>> = { all: "start", gateway: "gateway", worker: "worker" };

/** Each kind of process has a log of its own: they may share a home. */
export const logNames: Readonly<Record<ServiceMode, string>> = { all: "hermes", gateway: "gateway", worker: "worker" };

/** How the line begins that a process logs once it serves. */
export const readyLine = "model: ";

/** The launcher: it tunes the engine and finds the Node that belongs to this installation. */
export const launcher = join(import.meta.dirname, "../../../bin/hermes.mjs");

/** It belongs to the installation: that of a version manager may be gone after the next update. */
const ownNode = join(import.meta.dirname, "../../../node_modules/node/bin/node");

/** How long a stop is waited for: longer than its supervisor gives it, so that the supervisor's end of it is seen. */
export function stopWaitMs(drainSeconds: number): number {
  return (drainSeconds + closingSeconds + spareSeconds) * 1_000;
}

/** For the kill after that time, and for telling of it. */
const spareSeconds = 15;

/** After the drain: answers that are ready go out (5 s), titles and looks back are let go of, the record is closed. */
const closingSeconds = 30;

/** Settings of the system that programs expect in their environment; the product's own belong into the home's `.env`. */
const systemVariables = ["TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

function handedOn(env: Environment): Record<string, string> {
  const names = systemVariables.flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      // A unit's file is readable by all: a proxy's password has no place in it.
      return value === undefined || value === "" || redact(value) !== value ? [] : [[name, value] as const];
    }),
  );
}

/** Where the service finds programs such as those of MCP servers: as here, without the folders that only `npx` and `npm run` add. */
function searchPath(env: Environment): string {
  const own = (env["PATH"] ?? "").split(":").filter((folder) => isAbsolute(folder) && !passing.test(folder));
  return [...new Set([...own, ...systemFolders])].join(":");
}

const passing = /\/node_modules\/\.bin$|\/_npx\/|\/node-gyp-bin$/;
const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin"];

function refuseOddities(text: string): void {
  if (!/\p{Cc}/u.test(text)) return;
  throw new Failure("config.invalid", `${JSON.stringify(text)} has a line break or another control character in it.`, {
    advice: "No service can be made for such a path: move it, or set HERMES_HOME to another one.",
  });
}
