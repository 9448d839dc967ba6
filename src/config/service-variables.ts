import { readFile } from "node:fs/promises";
import { configFile } from "./home.ts";
import { findKey } from "./keys.ts";
import { loadConfig } from "./load.ts";
import { namesIn } from "./strangers.ts";
import { wellKnown } from "./well-known.ts";
import { readConfigText } from "./yaml-file.ts";

/**
 * The name, if it is a variable that is no key of ours and is read all the same: a hosted service's key, what config.yaml names in
 * `key_env` and `${NAME}`, what skills may have. Null for anything else.
 */
export async function serviceVariable(home: string, written: string): Promise<string | null> {
  const name = written.trim();
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name) || findKey(name) !== null) return null;
  if (Object.values(wellKnown).some(({ keyEnv }) => keyEnv === name)) return name;
  const text = await readFile(configFile(home), "utf8").catch(() => "");
  const named = readConfigText(text, configFile(home)).settings.flatMap(({ value }) => namesIn(value));
  if (named.includes(name)) return name;
  const { config } = await loadConfig({ env: {}, home });
  return config.skills.envAllow.includes(name) ? name : null;
}
