import { findCommand, parseCommand } from "../../../src/commands/command.ts";
import { asFailure, Failure } from "../../../src/core/failures.ts";
import { mostFiles } from "../../../src/core/files.ts";
import { sizeWords } from "../../../src/core/size-words.ts";
import type { TerminalCommand, TerminalFile } from "../../../src/core/terminal.ts";
import { droppedPaths, namedPaths } from "./paths.ts";
import { piece, type Row, wrapped } from "./rows.ts";

/** The files that go with what is said next. */
export interface AttachedFiles {
  /** Adds what is named; a `Failure` says why one can't go along. */
  add(text: string, wanted: "any" | "picture"): void;
  /** Adds what was dropped onto the terminal; false: that was text. */
  drop(text: string): boolean;
  count(): number;
  /** Takes them all away, for a message or for good. */
  take(): readonly TerminalFile[];
  rows(width: number): readonly Row[];
}

export function createAttached(
  first: readonly TerminalFile[],
  read: (path: string, wanted: "any" | "picture") => TerminalFile,
): AttachedFiles {
  let files = first;
  const add = (paths: readonly string[], wanted: "any" | "picture") => {
    if (files.length + paths.length > mostFiles)
      throw new Failure("platform.refused", `At most ${mostFiles} files go with one message.`);
    files = [...files, ...paths.map((path) => read(path, wanted))];
  };
  return {
    add: (text, wanted) => add(namedPaths(text), wanted),
    drop(text) {
      const paths = droppedPaths(text);
      if (paths !== null) add(paths, "any");
      return paths !== null;
    },
    count: () => files.length,
    take() {
      const all = files;
      files = [];
      return all;
    },
    rows: (width) =>
      files.length === 0
        ? []
        : wrapped(
            [piece(`📎 ${files.map(fileWords).join(", ")} `, "accent"), piece("(goes with what you say next)", "dim")],
            width,
            [piece("   ")],
          ),
  };
}

/** What a talk shows of files, or of why they can't go along. */
interface Shown {
  readonly attached: AttachedFiles;
  readonly painter: { commit(rows: readonly Row[]): void };
  /** Nothing moves there: what is attached is told once. */
  readonly still: boolean;
  width(): number;
  remark(text: string, look: "bad"): void;
}

/** Adds files to what is said next, or says why not; false: it was no file that was to be added. */
export function attach({ attached, painter, remark, still, width }: Shown, add: () => boolean | void): boolean {
  try {
    if (add() === false) return false;
    if (still) painter.commit(attached.rows(width()));
  } catch (thrown) {
    remark(asFailure(thrown).message, "bad");
  }
  return true;
}

/** A file as a line about it says. */
export function fileWords({ name, bytes }: TerminalFile): string {
  return `${name}, ${sizeWords(bytes.length)}`;
}

/** Whether a text is a command that no file goes with; a skill is a request. `commands`: null while none is known yet. */
export function isCommand(text: string, commands: readonly TerminalCommand[] | null): boolean {
  const typed = parseCommand(text);
  if (typed === null) return false;
  // Files that stay can go with what is said next; with a command they would be gone.
  if (commands === null) return true;
  const isSkill = (name: string) => commands.some((each) => each.skill && each.name === name);
  if (isSkill(typed.name)) return false;
  const named = commands.filter(({ skill }) => !skill).map(({ name, aliases = [] }) => ({ name, aliases }));
  const found = findCommand(named, typed.name);
  if (found.type !== "one") return found.type === "several";
  if (found.command.name === "skill") return !isSkill(/^\/?(\S*)/.exec(typed.args)?.[1]?.toLowerCase() ?? "");
  return typed.args === "" || !withFiles.has(found.command.name);
}

/** Commands that make a request of what comes after them. */
const withFiles: ReadonlySet<string> = new Set(["queue", "steer"]);
