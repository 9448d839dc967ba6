import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../core/failures.ts";

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The home's directory: HERMES_HOME, or `~/.hermes`. Throws for one that can't be. */
export function homeDirectory(env: Environment): string {
  const set = env["HERMES_HOME"]?.trim() ?? "";
  const home = resolve(atHome(set === "" ? "~/.hermes" : set));
  const real = whereItLeads(home);
  // Nothing can be made there, and Node would try without end.
  if (/^\/proc(\/|$)/.test(real)) {
    const through = real === home ? "" : `, where it leads (${real})`;
    throw new Failure("config.invalid", `${home} can't be a home: nothing can be kept in /proc${through}.`, {
      advice: "Set HERMES_HOME to a directory of yours.",
    });
  }
  return home;
}

/** A path without its links, as far as it is there. */
function whereItLeads(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(whereItLeads(above), basename(path));
  }
}

/** A path as a person writes it: `~` is their home. */
export function atHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir());
}

/** The settings file of a home. */
export function configFile(home: string): string {
  return join(home, "config.yaml");
}

/** The file of secrets of a home. */
export function envFile(home: string): string {
  return join(home, ".env");
}
