import { readFile } from "node:fs/promises";
import { parseEnvText } from "./env-file.ts";
import { type Environment, envFile } from "./home.ts";
import { keyOf, keyPaths } from "./keys.ts";

/** What a home's .env and the environment set, the environment first; the secrets that are keys of our own left out. */
export async function variablesOf(
  home: string,
  env: Environment,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const text = await readFile(envFile(home), "utf8").catch(() => "");
  const written = parseEnvText(text, envFile(home)).values;
  const entries = names.flatMap((name): [string, string][] => {
    const value = env[name] ?? written[name];
    return value === undefined || value === "" || isOwn(name) ? [] : [[name, value]];
  });
  return new Map(entries);
}

/** Whether the name is one of our own secrets: tokens of bots, keys of models. */
function isOwn(name: string): boolean {
  return keyPaths.some((path) => {
    const { env, secret } = keyOf(path);
    return env === name && secret === true && !shared.has(name);
  });
}

/** Keys of ours that skills use for the same thing. */
const shared: ReadonlySet<string> = new Set(["GITHUB_TOKEN"]);
