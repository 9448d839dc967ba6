import { randomBytes } from "node:crypto";
import type { Sandbox } from "../core/sandbox.ts";
import type { SkillFile } from "../core/skill.ts";
import { skillFileName } from "./bundle.ts";
import { skillDirectory } from "./reading.ts";

/** Longest that one step of this may take. */
export const stepMs = 30_000;

/**
 * Puts a skill's files into a sandbox's workspace, as they are in the record and for reading alone; what was there before goes. They are
 * made ready beside their place and come there at once: another conversation may be using them. Gives the directory. A link in their
 * way is taken away, never followed: on a machine of somebody's own it could lead anywhere.
 */
export async function placeFiles(
  sandbox: Sandbox,
  name: string,
  files: readonly SkillFile[],
  signal: AbortSignal,
): Promise<string> {
  const workspace = sandbox.workspace.replace(/\/$/, "");
  const place = skillDirectory(name);
  const made = `.skills/.${name}.${randomBytes(6).toString("hex")}`;
  await own(sandbox, `if [ -L .skills ]; then rm -f .skills; fi; mkdir -p ${made} && echo ready`, signal);
  for (const { path, bytes } of files) await sandbox.writeFile(`${workspace}/${made}/${path}`, bytes);
  const programs = files
    .filter(({ path, executable }) => path !== skillFileName && executable)
    .map(({ path }) => quoted(`${made}/${path}`));
  const runnable = programs.length === 0 ? "" : `chmod a+x ${programs.join(" ")}; `;
  await own(sandbox, `${runnable}${swap(made, place)}`, signal);
  return `${workspace}/${place}`;
}

/**
 * What stands there and is the same stays. Of two that change it at once the later one finds the other's in the place, and leaves it
 * there; for the moment between the other's two moves it waits.
 */
function swap(made: string, place: string): string {
  const [, fresh = ""] = made.split("/");
  const old = `${made}.old`;
  return `if [ -L ${place} ]; then rm -f ${place}; fi
if ! diff -rq ${place} ${made} >/dev/null 2>&1; then
  chmod -R a-w ${made}; chmod u+w ${made}
  if [ -e ${place} ]; then chmod u+w ${place}; mv ${place} ${old} 2>/dev/null; fi
  if [ ! -e ${place} ]; then mv ${made} ${place}; fi
fi
for p in ${old} ${made} ${place}/${fresh}; do if [ -e "$p" ]; then chmod -R u+w "$p"; rm -rf "$p"; fi; done
for n in 1 2 3; do if [ ! -e ${place}/${skillFileName} ]; then sleep 1; fi; done
chmod -R a-w ${place}; [ -e ${place}/${skillFileName} ] && echo ready`;
}

async function own(sandbox: Sandbox, script: string, signal: AbortSignal): Promise<void> {
  const result = await sandbox.run(script, { timeoutMs: stepMs, workdir: sandbox.workspace, own: true, signal });
  signal.throwIfAborted();
  if (!result.output.includes("ready"))
    throw new Error(`The skill's files could not be put into the sandbox: ${result.output.trim().slice(0, 300)}`);
}

/** One word of a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
