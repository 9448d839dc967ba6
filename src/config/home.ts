import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The home's directory: HERMES_HOME, or `~/.hermes`. */
export function homeDirectory(env: Environment): string {
  const set = env["HERMES_HOME"]?.trim();
  if (set === undefined || set === "") return join(homedir(), ".hermes");
  return resolve(atHome(set));
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
