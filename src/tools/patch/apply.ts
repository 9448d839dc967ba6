import type { Sandbox } from "../../core/sandbox.ts";
import { linesOf } from "./lines.ts";
import { diffOf } from "./diff.ts";
import { copyMode, inWorkspace, present, removeFile } from "../workspace.ts";
import { hunkEdits } from "./hunks.ts";
import type { FileChange } from "./parser.ts";
import { edited, editedText, noText, PatchError, type TextFile, textFile } from "./text-file.ts";

/** Files as a patch would leave them, before any is written. */
interface Staged {
  readonly path: string;
  readonly before: Uint8Array | null;
  after: Uint8Array | null;
  /** The file it comes from, whose mode it keeps. */
  readonly from: string | null;
}

/** The paths that a patch writes, makes or removes. */
export function touchedPaths(changes: readonly FileChange[]): readonly string[] {
  const paths = changes.flatMap((change) =>
    change.type === "update" && change.to !== null ? [change.path, change.to] : [change.path],
  );
  return [...new Set(paths)];
}

/** Applies a patch whole: every file is checked before the first is written, and what was written is undone if a later write fails. */
export async function applyPatch(sandbox: Sandbox, changes: readonly FileChange[], limitBytes: number): Promise<string> {
  const files = new Map<string, Staged>();
  const load = async (path: string, from: string | null = null): Promise<Staged> => {
    const key = inWorkspace(sandbox, path);
    const known = files.get(key);
    if (known !== undefined) return known;
    const before = await present(sandbox, path, limitBytes);
    const staged: Staged = { path, before, after: before, from };
    files.set(key, staged);
    return staged;
  };
  const reports: string[] = [];
  for (const change of changes) reports.push(await stage(load, change));
  await write(sandbox, [...files.values()].filter(isChanged));
  return reports.join("\n");
}

type Load = (path: string, from?: string) => Promise<Staged>;

async function stage(load: Load, change: FileChange): Promise<string> {
  switch (change.type) {
    case "add": {
      const file = await load(change.path);
      if (file.after !== null)
        throw new PatchError(`There is a file ${change.path} already: update it, or delete it first. Nothing was changed.`);
      file.after = new TextEncoder().encode(change.lines.map((line) => `${line}\n`).join(""));
      return `Added ${change.path}: ${counted(change.lines.length)}.`;
    }
    case "delete": {
      const file = await load(change.path);
      const lines = linesOf(new TextDecoder().decode(existing(file))).texts.length;
      file.after = null;
      return `Deleted ${change.path}: ${counted(lines)}.`;
    }
    case "update":
      return await stageUpdate(load, change);
  }
}

async function stageUpdate(load: Load, { path, to, hunks }: FileChange & { type: "update" }): Promise<string> {
  const file = await load(path);
  const data = existing(file);
  const text: TextFile = hunks.length === 0 ? noText : textFile(path, data);
  const edits = hunkEdits(path, text.text, hunks);
  const made = hunks.length === 0 ? data : edited(text, edits);
  const diff = diffOf(text.text, edits);
  if (to === null) {
    if (editedText(text.text, edits) === text.text)
      throw new PatchError(`The patch changes nothing in ${path}. Nothing was changed.`);
    file.after = made;
    return `Changed ${path}:\n${diff}`;
  }
  const target = await load(to, path);
  if (target === file || target.after !== null)
    throw new PatchError(`${path} can't be moved to ${to}: there is a file already. Nothing was changed.`);
  target.after = made;
  file.after = null;
  return `Moved ${path} to ${to}${diff === "" ? "." : `:\n${diff}`}`;
}

function existing({ path, after }: Staged): Uint8Array {
  if (after === null) throw new PatchError(`There is no file ${path}. Nothing was changed.`);
  return after;
}

function counted(lines: number): string {
  return `${lines} ${lines === 1 ? "line" : "lines"}`;
}

function isChanged({ before, after }: Staged): boolean {
  return before !== after;
}

async function write(sandbox: Sandbox, files: readonly Staged[]): Promise<void> {
  const done: Staged[] = [];
  try {
    // What is removed goes last: until then nothing is lost.
    for (const file of files.toSorted((one, other) => Number(one.after === null) - Number(other.after === null))) {
      done.push(file);
      await put(sandbox, file, file.after);
    }
  } catch (thrown) {
    const left = await undo(sandbox, done);
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(
      left.length === 0 ? `${why} Nothing was changed.` : `${why} These could not be put back: ${left.join(", ")}.`,
      { cause: thrown },
    );
  }
}

async function put(sandbox: Sandbox, { path, from }: Staged, data: Uint8Array | null): Promise<void> {
  if (data === null) await removeFile(sandbox, path);
  else await sandbox.writeFile(path, data);
  if (data !== null && from !== null) await copyMode(sandbox, from, path);
}

/** Puts back what was there; the paths that could not be. */
async function undo(sandbox: Sandbox, files: readonly Staged[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const file of files.toReversed()) {
    try {
      const now = await present(sandbox, file.path, Number.MAX_SAFE_INTEGER);
      if (now === null && file.before === null) continue;
      await put(sandbox, { ...file, from: null }, file.before);
    } catch {
      left.push(file.path);
    }
  }
  return left;
}
