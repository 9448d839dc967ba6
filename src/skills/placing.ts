import type { Sandbox } from "../core/sandbox.ts";
import type { SkillFile, SkillVariable } from "../core/skill.ts";
import { skillFileName } from "./bundle.ts";
import { skillDirectory } from "./reading.ts";

/** Longest that one of these may take. */
const stepMs = 30_000;

/**
 * Puts a skill's files into a sandbox's workspace, as they are in the record and for reading alone; what was there before goes. Gives the
 * directory. A link in their way is taken away, never followed: on a machine of somebody's own it could lead anywhere.
 */
export async function placeFiles(
  sandbox: Sandbox,
  name: string,
  files: readonly SkillFile[],
  signal: AbortSignal,
): Promise<string> {
  const directory = `${sandbox.workspace.replace(/\/$/, "")}/${skillDirectory(name)}`;
  const place = skillDirectory(name);
  await own(
    sandbox,
    `for p in .skills ${place}; do if [ -L "$p" ]; then rm -f "$p"; fi; done
mkdir -p .skills && chmod -R u+w ${place} 2>/dev/null; rm -rf ${place} && mkdir -p ${place} && echo ready`,
    signal,
  );
  for (const { path, bytes } of files) await sandbox.writeFile(`${directory}/${path}`, bytes);
  const programs = files
    .filter(({ path, executable }) => path !== skillFileName && executable)
    .map(({ path }) => quoted(`${place}/${path}`));
  const runnable = programs.length === 0 ? "" : `chmod a+x ${programs.join(" ")}; `;
  await own(sandbox, `${runnable}chmod -R a-w ${place}; echo ready`, signal);
  return directory;
}

/** Gives a session's commands the variables of the skills that it has read. */
export async function giveVariables(sandbox: Sandbox, values: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  if (values.size === 0) return;
  const words = [...values].map(([name, value]) => `${name}=${quoted(value)}`);
  await sandbox.run(`export ${words.join(" ")}`, { timeoutMs: stepMs, signal });
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

async function own(sandbox: Sandbox, script: string, signal: AbortSignal): Promise<void> {
  const result = await sandbox.run(script, { timeoutMs: stepMs, workdir: sandbox.workspace, own: true, signal });
  signal.throwIfAborted();
  if (!result.output.includes("ready"))
    throw new Error(`The skill's files could not be put into the sandbox: ${result.output.trim().slice(0, 300)}`);
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
