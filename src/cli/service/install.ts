import { copyFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findingLine } from "../../config/findings.ts";
import { keyOf, keyPaths } from "../../config/keys.ts";
import { type Loaded, loadConfig } from "../../config/load.ts";
import { Failure } from "../../core/failures.ts";
import type { Context } from "../context.ts";
import { makeHome } from "./home-folder.ts";
import { marked, standing, type Standing, writeUnit } from "./marked-file.ts";
import { type Place, type PlaceOptions, placeOf, plainHome, refuseForeignHome, supervisorFor } from "./place.ts";
import { planService, type ServiceMode, type ServicePlan } from "./plan.ts";
import type { Supervisor } from "./supervisor.ts";

export interface InstallOptions extends PlaceOptions {
  /** What the service runs; everything unless said. */
  readonly mode?: ServiceMode;
  /** For the whole system rather than for this account. */
  readonly system?: boolean;
  /** Write over a unit that somebody has changed; it is kept beside the new one. */
  readonly force?: boolean;
}

/** An installed service, and what there is to say about it. */
export interface InstalledService {
  readonly file: string;
  /** As systemd or launchd call it. */
  readonly unit: string;
  readonly change: "written" | "updated" | "unchanged" | "replaced";
  /** Ready to print, without the next command. */
  readonly lines: readonly string[];
  /** The command to type next. */
  readonly next: string;
}

/**
 * Installs the service that runs Hermes: a unit of systemd or a property list of launchd. It is not started. Again and again comes to the
 * same. Throws a `Failure` that names the way out where it can't be.
 */
export async function installService(
  context: Pick<Context, "env" | "home">,
  options: InstallOptions = {},
): Promise<InstalledService> {
  const place = await placeOf(context, options);
  const { mode = "all", system = false, force = false } = options;
  if (system) refuseWithoutRoot(place);
  else await refuseForeignHome(place);
  const loaded = await loadConfig({ env: context.env, home: place.home });
  validate(loaded, mode);
  const supervisor = supervisorFor(place, mode, system ? "system" : "user");
  const obstacle = supervisor === null ? noSupervisor : await supervisor.obstacle();
  if (supervisor === null || obstacle !== null) throw cannot(obstacle ?? noSupervisor);
  await refuseTwice(place, mode, supervisor);
  const plan = planFor(place, mode, supervisor, loaded);
  const before = await standing(supervisor.file);
  const text = unitText(supervisor, plan);
  if (before.state !== "missing" && !force) refuseChanged(before, supervisor, text);
  await makeHome(place.home, system ? place.account : null, place.env);
  const change = await put(supervisor, before, text);
  await supervisor.enable();
  const remarks = [...onlyHere(loaded), ...original(context), ...(await supervisor.remarks())];
  const lines = [changes[change](supervisor.file), `It runs: ${plan.command.join(" ")}`, ...remarks];
  const next = change === "updated" || change === "replaced" ? "hermes gateway restart" : "hermes gateway start";
  return {
    file: supervisor.file,
    unit: supervisor.unit,
    change,
    lines,
    next: system ? `${asRoot(place, options)} ${next}` : next,
  };
}

/** Takes the service away again, after stopping it; says what was removed, null when none is installed. */
export async function uninstallService(supervisor: Supervisor, withinMs: number, force: boolean): Promise<string | null> {
  const before = await standing(supervisor.file);
  if (before.state === "missing") return null;
  if (before.state === "foreign" && !force) throw notOurs(supervisor.file);
  // A unit that was never taken in, or a manager that is away, must not keep the file here.
  await supervisor.disable(withinMs).catch(async (thrown: unknown) => {
    if ((await supervisor.obstacle()) === null) throw thrown;
  });
  if (before.state === "changed") await copyFile(supervisor.file, `${supervisor.file}.bak`);
  await rm(supervisor.file, { force: true });
  await supervisor.reload().catch(() => undefined);
  return before.state === "changed" ? `${supervisor.file} (it was changed by hand: a copy is kept as .bak)` : supervisor.file;
}

/** What stands in the unit now, and would if it were installed anew. */
export function unitText(supervisor: Supervisor, plan: ServicePlan): string {
  const remark = `Written by \`hermes gateway install\`. Your own changes belong into: ${supervisor.editing}`;
  return marked(supervisor.text(plan), supervisor.comment, remark);
}

/** What the service of a mode would be with the configuration of now. */
export function planFor(place: Place, mode: ServiceMode, { scope }: Pick<Supervisor, "scope">, { config }: Loaded): ServicePlan {
  const account = scope === "system" ? place.account : null;
  const usualHome = plainHome(place, scope);
  return planService({ ...place, usualHome, mode, account, drainSeconds: config.agent.drainTimeout });
}

const changes: Readonly<Record<InstalledService["change"], (file: string) => string>> = {
  written: (file) => `Wrote ${file}`,
  updated: (file) => `Brought ${file} up to date`,
  unchanged: (file) => `${file} is up to date already`,
  replaced: (file) => `Wrote ${file}; the one before is kept as ${file}.bak`,
};

const noSupervisor = {
  message: "This system has neither systemd nor launchd.",
  advice: "`hermes gateway start` runs it in the background; or let another service manager run `hermes start`.",
};

function cannot({ message, advice }: { readonly message: string; readonly advice: string }): Failure {
  return new Failure("state.unavailable", `No service can be installed here. ${message}`, { advice });
}

function refuseWithoutRoot({ uid, account }: Place): void {
  const command = "gateway install --system";
  if (uid !== 0)
    throw new Failure("config.invalid", "A service of the whole system can be installed by root only.", {
      advice: `Type: sudo env "PATH=$PATH" hermes ${command}`,
    });
  if (account === null)
    throw new Failure("config.invalid", "It isn't said which account the service is to run as.", {
      advice: `Name it: hermes ${command} --run-as NAME. Don't make it root unless there is no other.`,
    });
}

function validate({ config, findings, origins }: Loaded, mode: ServiceMode): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    throw new Failure(
      "config.invalid",
      ["The configuration has errors; nothing was installed.", ...errors.map(findingLine)].join("\n        "),
      {
        advice: "Mend them, and see: hermes config check",
      },
    );
  if (mode === "all") return;
  const wanted = [
    ["redis_url", "REDIS_URL", config.redisUrl],
    ["state_url", "DATABASE_URL", config.stateUrl],
  ] as const;
  const missing = wanted.filter(([path, , value]) => value === null || origins[path] === "environment").map(([, name]) => name);
  if (missing.length === 0) return;
  throw new Failure(
    "config.invalid",
    `A service that runs \`hermes ${mode}\` needs ${missing.join(" and ")} in ${config.home}/.env.`,
    {
      advice: `${settingWords(missing)} Or install everything in one process: --mode all`,
    },
  );
}

/** One home, one service: a user's and the system's would take turns in finding it taken. */
async function refuseTwice(place: Place, mode: ServiceMode, wanted: Supervisor): Promise<void> {
  const other = supervisorFor(place, mode, wanted.scope === "user" ? "system" : "user");
  if (other === null || (await standing(other.file)).state === "missing") return;
  throw new Failure("config.invalid", `There is a service for this home already: ${other.file}`, {
    advice: `Take it away first: ${other.scope === "system" ? "sudo " : ""}hermes gateway uninstall`,
  });
}

function refuseChanged(before: Exclude<Standing, { state: "missing" }>, supervisor: Supervisor, text: string): void {
  if (before.state === "foreign") throw notOurs(supervisor.file);
  if (before.state === "own") return;
  const ours = new Set(text.split("\n"));
  const theirs = before.text.split("\n").filter((line) => !ours.has(line) && !/sha256:/.test(line));
  const told = theirs.length === 0 ? "lines are missing" : theirs.slice(0, mostLines).join(" | ");
  throw new Failure("config.invalid", `${supervisor.file} was changed by hand (${told}); it is left as it is.`, {
    advice: `Move the changes to \`${supervisor.editing}\`, where they stay, then write it anew with: hermes gateway install --force`,
  });
}

const mostLines = 3;

function notOurs(file: string): Failure {
  return new Failure("config.invalid", `${file} is there, and not from \`hermes gateway install\`; it is left as it is.`, {
    advice: "Look at it, and take it away yourself or write over it with --force (a copy is kept).",
  });
}

async function put(supervisor: Supervisor, before: Standing, text: string): Promise<InstalledService["change"]> {
  if (before.state !== "missing" && before.text === text) return "unchanged";
  const keep = before.state === "changed" || before.state === "foreign";
  if (keep) await copyFile(supervisor.file, `${supervisor.file}.bak`);
  await writeUnit(supervisor.file, text);
  if (keep) return "replaced";
  return before.state === "missing" ? "written" : "updated";
}

/** Without it the next command would look at the home of whoever types it. */
function asRoot({ env, home }: Place, { runAs }: InstallOptions): string {
  if (runAs === undefined && (env["HERMES_HOME"] ?? "").trim() === "") return "sudo";
  return `sudo env HERMES_HOME=${/^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`}`;
}

/** What only this shell knows: a service begins without it. */
function onlyHere({ origins, config }: Loaded): readonly string[] {
  const names = keyPaths.flatMap((path) => {
    const { env, early } = keyOf(path);
    return origins[path] === "environment" && env !== undefined && early !== true ? [env] : [];
  });
  if (names.length === 0) return [];
  return [
    `Set in this shell only, so the service won't have it: ${names.join(", ")}. Put it into ${config.home}/.env. ${settingWords(names)}`,
  ];
}

/** No value stands in what is to be typed: most of these are secrets, and a shell keeps what is typed. */
function settingWords(names: readonly string[]): string {
  const commands = names.map((name) => `\`hermes config set ${name}\``);
  return commands.length === 1 ? `${commands[0]} asks for it.` : `These ask for them: ${commands.join(", ")}.`;
}

/** The original's service would answer on the same tokens. */
function original({ env }: Pick<Context, "env">): readonly string[] {
  const file = join(env["HOME"] ?? homedir(), ".config/systemd/user/hermes-gateway.service");
  if (!existsSync(file)) return [];
  return [
    "The original's service is installed, too, and would take messages of the same bots: systemctl --user disable --now hermes-gateway",
  ];
}
