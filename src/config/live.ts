import { stat } from "node:fs/promises";
import type { Log } from "../core/log.ts";
import { findingLine } from "./findings.ts";
import { type Environment, configFile, envFile } from "./home.ts";
import type { Config } from "./keys.ts";
import { loadConfig } from "./load.ts";

/** The configuration as its files are now, for what takes effect at its next use. */
export interface LiveConfig {
  /** As last read. */
  readonly current: Config;
  /** Reads the files again when they have changed since; a file that became unusable leaves what was. */
  refresh(): Promise<Config>;
}

/** Follows the files of a home, beginning with a configuration already read from them. */
export async function followConfig(initial: Config, env: Environment, log: Log): Promise<LiveConfig> {
  const state = { current: initial, stamp: await stampOf(initial.home), reading: null as Promise<Config> | null };
  const read = async (): Promise<Config> => {
    const stamp = await stampOf(initial.home);
    if (stamp === state.stamp) return state.current;
    const { config, findings } = await loadConfig({ env, home: initial.home });
    state.stamp = stamp;
    const errors = findings.filter((finding) => finding.severity === "error");
    for (const finding of errors) log.error({ key: finding.key }, findingLine(finding));
    if (errors.length === 0) state.current = config;
    return state.current;
  };
  return {
    get current() {
      return state.current;
    },
    refresh: () => (state.reading ??= read().finally(() => (state.reading = null))),
  };
}

async function stampOf(home: string): Promise<string> {
  const stamps = [configFile(home), envFile(home)].map(async (file) => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found === null ? "none" : `${found.ino}:${found.mtimeNs}:${found.size}`;
  });
  return (await Promise.all(stamps)).join(" ");
}
