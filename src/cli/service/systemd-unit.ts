import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exits } from "../context.ts";
import type { ServicePlan } from "./plan.ts";

/** The text of a systemd unit, without the mark at its top. */
export function systemdUnit(plan: ServicePlan): string {
  const { account } = plan;
  return [
    "[Unit]",
    `Description=Hermes Team${whatRuns[plan.mode]} (${specifiers(plan.home)})`,
    `Documentation=${specifiers(pathToFileURL(page).href)}`,
    ...(account === null ? [] : ["After=network-online.target docker.service postgresql.service redis-server.service"]),
    ...(account === null ? [] : ["Wants=network-online.target"]),
    `StartLimitIntervalSec=${limitSeconds}`,
    `StartLimitBurst=${limitStarts}`,
    "",
    "[Service]",
    "Type=exec",
    ...(account === null ? [] : [`User=${account.name}`]),
    `ExecStart=${plan.command.map(argument).join(" ")}`,
    // Never quoted; the minus would let it start without its home.
    `WorkingDirectory=${specifiers(plan.home)}`,
    ...Object.entries(plan.environment).map(([name, value]) => `Environment=${assignment(name, value)}`),
    "UMask=0077",
    "Restart=on-failure",
    `RestartSec=${restartSeconds}`,
    `RestartPreventExitStatus=${finalStatuses.join(" ")}`,
    "KillSignal=SIGTERM",
    "KillMode=mixed",
    `TimeoutStopSec=${plan.stopSeconds}`,
    // A command of the local sandbox that eats all memory must not take the service with it.
    "OOMPolicy=continue",
    ...hardening,
    ...(account === null ? [] : ["ProtectSystem=full"]),
    "",
    "[Install]",
    `WantedBy=${account === null ? "default.target" : "multi-user.target"}`,
    "",
  ].join("\n");
}

/** Ends that starting again can't mend: wrong usage, a configuration or a record it can't work with. Who has the home may leave it soon. */
const finalStatuses: readonly number[] = [exits.usage, exits.config];

const page = join(import.meta.dirname, "../../../docs/service.md");
const whatRuns = { all: "", gateway: ": the chat platforms", worker: ": a worker" } as const;

/** Long enough for a database or a disk that comes up late in a boot; short enough that what is broken is left alone after some minutes. */
const restartSeconds = 10;
const limitSeconds = 600;
const limitStarts = 20;

/**
 * What neither Docker's or Podman's socket nor a rootless engine needs. Left out, because it would break them, commands of the local
 * sandbox, or V8: PrivateTmp (folders are shared with containers), ProtectHome, ProtectProc, ProtectKernelTunables and
 * ProtectControlGroups (no fresh /proc in user namespaces), PrivateUsers (the group of the socket), RestrictNamespaces,
 * MemoryDenyWriteExecute (compiled JavaScript).
 */
const hardening = [
  "NoNewPrivileges=yes",
  "RestrictSUIDSGID=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
];

/** `%` begins a specifier everywhere. */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

function quoted(text: string): string {
  return `"${specifiers(text).replace(/["\\]/g, "\\$&")}"`;
}

/** Within a command line `$` begins a variable. */
function argument(text: string): string {
  return quoted(text).replaceAll("$", () => "$$");
}

function assignment(name: string, value: string): string {
  return quoted(`${name}=${value}`);
}
