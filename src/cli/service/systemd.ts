import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import { complaint, type Ran, runProgram } from "./programs.ts";
import { type Obstacle, type Supervisor, type UnitState, nothing } from "./supervisor.ts";
import { systemdUnit } from "./systemd-unit.ts";

export interface SystemdOptions {
  readonly env: Environment;
  readonly scope: "user" | "system";
  /** The service's name, without `.service`. */
  readonly name: string;
  /** Where units of the whole system stand. */
  readonly systemFolder?: string;
}

/** systemd: a user's manager, or the system's. */
export function systemd({ env, scope, name, systemFolder = "/etc/systemd/system" }: SystemdOptions): Supervisor {
  const own = scope === "user" ? ["--user"] : [];
  const reachable = scope === "user" ? withUserBus(env) : env;
  const unit = `${name}.service`;
  const folder = scope === "user" ? userFolder(env) : systemFolder;
  const run = async (args: readonly string[], withinMs?: number) =>
    await runProgram("systemctl", [...own, ...args], reachable, withinMs);
  const must = async (args: readonly string[], withinMs?: number): Promise<void> => {
    const ran = await run(args, withinMs);
    if (ran.status !== 0) throw refused(ran, args, journal);
  };
  const journal = `journalctl ${[...own, "-u", name, "-n", "50"].join(" ")}`;
  return {
    kind: "systemd",
    scope,
    unit,
    file: join(folder, unit),
    comment: "hash",
    text: systemdUnit,
    editing: `systemctl ${[...own, "edit", name].join(" ")}`,
    journal,
    obstacle: async () => await obstacleIn(await run(["is-system-running"]), scope, env),
    enable: async () => {
      await must(["daemon-reload"]);
      await must(["enable", unit]);
    },
    disable: async (withinMs) => {
      await must(["disable", "--now", unit], withinMs);
      // A failure that is remembered would be shown for a unit that is no more.
      await run(["reset-failed", unit]);
    },
    reload: async () => await must(["daemon-reload"]),
    start: async () => {
      // After many failures a start is refused until they are forgotten.
      await run(["reset-failed", unit]);
      await must(["start", unit], startMs);
    },
    stop: async (withinMs) => await must(["stop", unit], withinMs),
    state: async () => stateIn(await run(["show", unit, `--property=${properties.join(",")}`])),
    remarks: async () => (scope === "user" ? await lingering(reachable) : []),
  };
}

/** A start of `Type=exec` is over when the program runs; a stop of the same unit that is under way is waited for. */
const startMs = 120_000;
const properties = ["LoadState", "ActiveState", "SubState", "MainPID", "UnitFileState", "Result", "ExecMainStatus", "NRestarts"];

function userFolder(env: Environment): string {
  const configured = env["XDG_CONFIG_HOME"];
  return join(
    configured === undefined || configured === "" ? join(env["HOME"] ?? homedir(), ".config") : configured,
    "systemd/user",
  );
}

/** After `su` and in cron jobs the bus is there, but the variables that name it are not. */
function withUserBus(env: Environment): Environment {
  const runtime = env["XDG_RUNTIME_DIR"] ?? `/run/user/${userInfo().uid}`;
  if (env["XDG_RUNTIME_DIR"] === undefined && !existsSync(runtime)) return env;
  return { DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`, ...env, XDG_RUNTIME_DIR: runtime };
}

function refused(ran: Ran, args: readonly string[], journal: string): Failure {
  const denied = /access denied|authentication|permission denied/i.test(ran.err);
  return new Failure("internal", `systemctl ${args.join(" ")} did not work. ${complaint(ran, "systemctl")}`, {
    advice: denied ? "Type it with sudo." : `What systemd knows of it: ${journal}`,
  });
}

async function obstacleIn(ran: Ran, scope: "user" | "system", env: Environment): Promise<Obstacle | null> {
  const word = ran.out.trim().split("\n")[0] ?? "";
  if (["running", "degraded", "starting", "initializing", "maintenance", "stopping"].includes(word)) return null;
  const systemRuns = ran.found && scope === "user" && (await systemState(env)) !== "offline";
  if (systemRuns) return withoutBus(ran);
  return { message: `No systemd looks after this machine (${complaint(ran, "systemctl")}).`, advice: await wayOut() };
}

async function systemState(env: Environment): Promise<string> {
  const { out, found } = await runProgram("systemctl", ["is-system-running"], env);
  const word = out.trim();
  return !found || word === "" ? "offline" : word;
}

function withoutBus(ran: Ran): Obstacle {
  const { username } = userInfo();
  return {
    message: `This login has no service manager of its own (${complaint(ran, "systemctl")}).`,
    advice: [
      `Either \`sudo loginctl enable-linger ${username}\`, then log in as ${username} (not by su or sudo) and type this again;`,
      "or install it for the whole system: sudo hermes gateway install --system;",
      "or run it in the background without a service: hermes gateway start",
    ].join(" "),
  };
}

/** What to do on a machine without systemd. */
async function wayOut(): Promise<string> {
  const background = "`hermes gateway start` runs it in the background until this machine (or container) is restarted.";
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv"))
    return `${background} In a container, make \`hermes start\` its command and let the engine restart it (restart: unless-stopped).`;
  const kernel = await readFile("/proc/version", "utf8").catch(() => "");
  if (/microsoft/i.test(kernel))
    return `Windows' Linux has it when /etc/wsl.conf says [boot] systemd=true: then \`wsl --shutdown\`, and type this again. ${background}`;
  return `${background} Another service manager can run \`hermes start\`; it ends cleanly on SIGTERM.`;
}

function stateIn({ status, out }: Ran): UnitState {
  const facts = new Map(
    out.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).trim()]),
  );
  const fact = (name: (typeof properties)[number]) => facts.get(name) ?? "";
  if (status !== 0 || !facts.has("ActiveState")) return nothing;
  const pid = Number(fact("MainPID"));
  return {
    active: activeIn(fact("ActiveState"), fact("SubState")),
    pid: Number.isInteger(pid) && pid > 0 ? pid : null,
    enabled: fact("UnitFileState") === "" ? null : fact("UnitFileState").startsWith("enabled"),
    restarts: Number(fact("NRestarts")) || 0,
    why:
      fact("Result") === "" || fact("Result") === "success" ? null : `${fact("Result")}, exit status ${fact("ExecMainStatus")}`,
  };
}

function activeIn(active: string, sub: string): UnitState["active"] {
  // Newer ones have `auto-restart-queued`, too.
  if (sub.startsWith("auto-restart")) return "waiting";
  if (active === "active" || active === "reloading") return "running";
  if (active === "activating") return "starting";
  if (active === "deactivating") return "stopping";
  return active === "failed" ? "failed" : "stopped";
}

/** A user's services end with the last login unless the account lingers. */
async function lingering(env: Environment): Promise<readonly string[]> {
  const { username } = userInfo();
  const { status, out } = await runProgram("loginctl", ["show-user", username, "--property=Linger"], env);
  const lingers = /^Linger=yes$/m.test(out) || existsSync(`/var/lib/systemd/linger/${username}`);
  if (lingers || (status !== 0 && !existsSync("/run/systemd/system"))) return [];
  return [
    `It runs only while ${username} is logged in. To let it run always, also after a restart: sudo loginctl enable-linger ${username}`,
  ];
}
