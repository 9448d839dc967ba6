import type { Sandbox } from "../core/sandbox.ts";
import type { SkillVariable } from "../core/skill.ts";
import { quoted, stepMs } from "./placing.ts";

/** Holds the names of what was given, in the session itself: only what was given is taken back. */
const list = "HERMES_SKILL_VARIABLES";

/** Gives a session's commands the variables of the skill that it has read last, and takes back those of others. */
export async function giveVariables(sandbox: Sandbox, values: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  const taking = `for name in \${${list}-}; do unset "$name"; done; unset ${list} name`;
  await sandbox.run(values.size === 0 ? taking : `${taking}; ${exporting(values)}`, { timeoutMs: stepMs, signal });
}

function exporting(values: ReadonlyMap<string, string>): string {
  const words = [...values].map(([name, value]) => `${name}=${quoted(value)}`);
  return `export ${words.join(" ")} ${list}="${[...values.keys()].join(" ")}"`;
}

/** Which of the variables that a skill asks for it may have, and which are missing. */
export function variablesFor(
  wanted: readonly SkillVariable[],
  given: ReadonlyMap<string, string>,
): { readonly values: ReadonlyMap<string, string>; readonly missing: readonly SkillVariable[] } {
  const values = new Map<string, string>();
  for (const { name } of wanted) {
    const value = given.get(name);
    if (value !== undefined && value !== "") values.set(name, value);
  }
  return { values, missing: wanted.filter(({ name }) => !values.has(name)) };
}

/** Shorter ones stand in every text. */
const shortestSecret = 6;

/** A text without the values that skills may be given. */
export function withoutValues(text: string, values: Iterable<string>): string {
  return [...values]
    .filter((value) => value.length >= shortestSecret)
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, value) => rest.replaceAll(value, () => "[hidden]"), text);
}
