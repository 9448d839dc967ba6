import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../config/home.ts";
import { Failure } from "../../core/failures.ts";
import { pause } from "../../core/pause.ts";
import { launchdPlist } from "./launchd-plist.ts";
import { complaint, runProgram } from "./programs.ts";
import { type Supervisor, type UnitState, nothing } from "./supervisor.ts";

export interface LaunchdOptions {
  readonly env: Environment;
  readonly scope: "user" | "system";
  readonly name: string;
  readonly uid: number;
}

/** macOS's launchd: an agent of the logged-in user, or a daemon. */
export function launchd({ env, scope, name, uid }: LaunchdOptions): Supervisor {
  const folder = scope === "user" ? join(env["HOME"] ?? homedir(), "Library/LaunchAgents") : "/Library/LaunchDaemons";
  const file = join(folder, `${name}.plist`);
  const run = async (args: readonly string[], withinMs?: number) => await runProgram("launchctl", args, env, withinMs);
  /** Over SSH there is no graphical login; the account's own domain does as well. */
  const domain = async (): Promise<string> => {
    if (scope === "system") return "system";
    return (await run(["print", `gui/${uid}`])).status === 0 ? `gui/${uid}` : `user/${uid}`;
  };
  const target = async () => `${await domain()}/${name}`;
  const state = async (): Promise<UnitState> => {
    const { status, out } = await run(["print", await target()]);
    return status === 0 ? stateIn(out) : nothing;
  };
  const must = async (args: readonly string[], withinMs?: number): Promise<void> => {
    const ran = await run(args, withinMs);
    if (ran.status === 0) return;
    throw new Failure("internal", `launchctl ${args.join(" ")} did not work. ${complaint(ran, "launchctl")}`, {
      advice:
        scope === "system"
          ? "Type it with sudo."
          : "Log in at the Mac itself once, or install it with: sudo hermes gateway install --system",
    });
  };
  /** It forgets the job at once, and ends it in its own time. */
  const bootOut = async (withinMs: number): Promise<void> => {
    const { pid } = await state();
    await run(["bootout", await target()], withinMs);
    const until = performance.now() + withinMs;
    while (pid !== null && performance.now() < until && (await state()).pid !== null)
      await pause(lookMs, new AbortController().signal);
  };
  return {
    kind: "launchd",
    scope,
    unit: name,
    file,
    comment: "xml",
    text: launchdPlist,
    editing: `another file beside it; this one is written anew by \`hermes gateway install\``,
    journal: `launchctl print ${scope === "system" ? "system" : `gui/${uid}`}/${name}`,
    obstacle: async () => {
      const ran = await run(["print", await domain()]);
      if (ran.status === 0) return null;
      return {
        message: `launchd can't be asked here (${complaint(ran, "launchctl")}).`,
        advice: "`hermes gateway start` runs it in the background until this machine is restarted.",
      };
    },
    enable: async () => await must(["enable", await target()]),
    disable: async (withinMs) => {
      await bootOut(withinMs);
      await run(["disable", await target()]);
    },
    reload: async () => undefined,
    start: async () => {
      const loaded = (await run(["print", await target()])).status === 0;
      if (!loaded) await must(["bootstrap", await domain(), file]);
      await must(["kickstart", await target()]);
    },
    stop: bootOut,
    state,
    remarks: async () =>
      scope === "user"
        ? ["It runs while you are logged in. For a Mac without a login: sudo hermes gateway install --system"]
        : [],
  };
}

const lookMs = 250;

/** `launchctl print` is made for people; these three lines have kept their form. */
function stateIn(out: string): UnitState {
  const fact = (name: string) => new RegExp(`^\\s*${name} = (.+)$`, "m").exec(out)?.[1]?.trim() ?? "";
  const pid = Number(fact("pid"));
  const status = fact("last exit code");
  const runs = fact("state") === "running";
  const failed = !runs && /^[1-9]\d*/.test(status);
  const waits = failed && fact("state") === "spawn scheduled";
  return {
    active: runs ? "running" : waits ? "waiting" : failed ? "failed" : "stopped",
    pid: Number.isInteger(pid) && pid > 0 ? pid : null,
    enabled: null,
    restarts: Math.max(0, (Number(fact("runs")) || 1) - 1),
    why: failed ? `exit status ${status}` : null,
  };
}
