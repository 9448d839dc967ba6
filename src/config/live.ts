import { stat } from "node:fs/promises";
import type { Log } from "../core/log.ts";
import { type Finding, findingLine } from "./findings.ts";
import { type Environment, configFile, envFile } from "./home.ts";
import type { Config } from "./keys.ts";
import { type Loaded, loadConfig } from "./load.ts";

/** The configuration as its files are now, for what takes effect at its next use. */
export interface LiveConfig {
  /** As last read. */
  readonly current: Config;
  /** Reads the files again when they have changed since; a file that became unusable leaves what was. A look of less than `ageMs` ago will do. */
  refresh(ageMs?: number): Promise<Config>;
}

/** For what belongs to one step of the work: whoever began the step has looked at most this long ago, in milliseconds. */
export const stepMs = 20;

/** Follows the files of a home, beginning with a configuration already read from them. */
export async function followConfig(initial: Config, env: Environment, log: Log): Promise<LiveConfig> {
  const [stamp, loaded] = await Promise.all([stampOf(initial.home), loadConfig({ env, home: initial.home })]);
  const state = { current: initial, stamp, wrong: errorsOf(loaded), reading: null as Promise<Config> | null, readAt: -Infinity };
  const read = async (): Promise<Config> => {
    const stamp = await stampOf(initial.home);
    if (stamp === state.stamp) return state.current;
    const found = await loadConfig({ env, home: initial.home });
    const errors = errorsOf(found);
    const fresh = errors.filter((finding) => finding.key === null || !state.wrong.some((old) => old.key === finding.key));
    state.stamp = stamp;
    for (const finding of fresh) log.error({ key: finding.key }, `${findingLine(finding)} What was set before stays in force.`);
    // What has been wrong since before does not hold up other changes.
    if (fresh.length === 0) [state.current, state.wrong] = [found.config, errors];
    return state.current;
  };
  return {
    get current() {
      return state.current;
    },
    async refresh(ageMs = 0) {
      // A look under way is newer than the last one.
      if (state.reading === null && performance.now() - state.readAt < ageMs) return state.current;
      return await (state.reading ??= read().finally(() => {
        state.reading = null;
        state.readAt = performance.now();
      }));
    },
  };
}

function errorsOf({ findings }: Loaded): readonly Finding[] {
  return findings.filter((finding) => finding.severity === "error");
}

async function stampOf(home: string): Promise<string> {
  const stamps = [configFile(home), envFile(home)].map(async (file) => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return found === null ? "none" : `${found.ino}:${found.mtimeNs}:${found.size}`;
  });
  return (await Promise.all(stamps)).join(" ");
}
