import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { Sandbox } from "../core/sandbox.ts";
import { absolutePath, faultError } from "../sandbox/paths.ts";
import { quoted } from "../sandbox/shell-scripts.ts";

/** Longest that one of our own small scripts may take. */
const scriptMs = 30_000;

/** A path as the model wrote it, absolute and without `.` and `..`: the same for the same file, links aside. */
export function inWorkspace({ workspace }: Sandbox, path: string): string {
  return posix.normalize(absolutePath(path, workspace));
}

/** A file's bytes; null when there is none. Other faults throw. */
export async function present(sandbox: Sandbox, path: string, limitBytes: number): Promise<Uint8Array | null> {
  try {
    return await sandbox.readFile(path, limitBytes);
  } catch (thrown) {
    if (isFault(thrown, "missing", path, sandbox)) return null;
    throw thrown;
  }
}

/** Whether this is the sandbox's word for a file that is missing, or is a directory. */
export function isFault(thrown: unknown, fault: "missing" | "directory", path: string, { workspace }: Sandbox): boolean {
  return thrown instanceof Error && thrown.message === faultError(fault, path, "", workspace).message;
}

/** Removes a file that has been read through the sandbox before: so it is known to lie within. */
export async function removeFile(sandbox: Sandbox, path: string): Promise<void> {
  const { lines } = await script(sandbox, `command rm -f -- ${quoted(inWorkspace(sandbox, path))} && echo removed`);
  if (lines[0] !== "removed") throw new Error(`${path} could not be removed${lines.length === 0 ? "" : `: ${lines.join(" ")}`}.`);
}

/** Gives a file the mode of another; where that can't be had it keeps its own. */
export async function copyMode(sandbox: Sandbox, from: string, to: string): Promise<void> {
  const [source, target] = [from, to].map((path) => quoted(inWorkspace(sandbox, path)));
  await script(sandbox, `m=$(command stat -c %a -- ${source} 2>/dev/null) && command chmod "$m" -- ${target} 2>/dev/null`);
}

/** Names in a directory of the workspace, directories with a slash; null where there is none, or it lies outside. */
export async function namesIn(sandbox: Sandbox, path: string): Promise<readonly string[] | null> {
  const place = quoted(inWorkspace(sandbox, path));
  const { lines } = await script(
    sandbox,
    `W=$(pwd -P); cd -P -- ${place} 2>/dev/null || exit
case "$(pwd -P)/" in "$W"/*) ;; *) exit;; esac
echo listed
for f in .[!.]* ..?* *; do
  if [ -d "./$f" ]; then printf '%s/\\n' "$f"; elif [ -e "./$f" ] || [ -L "./$f" ]; then printf '%s\\n' "$f"; fi
done | head -n ${mostNames}`,
  );
  return lines[0] === "listed" ? lines.slice(1) : null;
}

const mostNames = 500;

/** Files of this very name anywhere in the workspace, a few. */
export async function filesNamed(sandbox: Sandbox, name: string): Promise<readonly string[]> {
  const exact = name.replaceAll(/[\\*?[]/g, "\\$&");
  if (exact === "") return [];
  const { lines } = await script(
    sandbox,
    `find . -type d \\( -name .git -o -name node_modules \\) -prune -o -type f -name ${quoted(exact)} -print 2>/dev/null | head -n 3`,
  );
  return lines.map((line) => line.replace(/^\.\//, ""));
}

/** What a script printed; `notes` is what the sandbox itself had to say around it. */
export interface ScriptResult {
  readonly lines: readonly string[];
  readonly notes: string;
}

/**
 * Runs a script of ours from the workspace, apart from what the session's commands have set and left running. Whatever the model wrote
 * must stand in it as one `quoted` word.
 */
export async function script(sandbox: Sandbox, text: string, signal = AbortSignal.timeout(scriptMs)): Promise<ScriptResult> {
  const mark = `hermes-${randomBytes(8).toString("hex")}`;
  const command = `(\necho ${mark}\n${text}\n) 2>&1\necho ${mark}`;
  const result = await sandbox.run(command, { timeoutMs: scriptMs, workdir: sandbox.workspace, own: true, signal });
  if (result.end === "timed_out")
    throw new Error(`This took longer than ${scriptMs / 1000} s. Ask for less, e.g. a directory further down.`);
  const [before = "", ...rest] = result.output.split(`${mark}\n`);
  const inner = rest[0];
  if (inner === undefined || rest.length < 2)
    throw new Error(`The sandbox could not do this: ${result.output.replaceAll(mark, "").trim()}`);
  const lines = inner.split("\n");
  lines.pop();
  return { lines, notes: [before, rest.slice(1).join("")].join("").trim() };
}
