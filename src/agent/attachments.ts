import { basename } from "node:path/posix";
import { asFailure, Failure } from "../core/failures.ts";
import { type FileKind, largestFile, mostFiles, type SentFile } from "../core/files.ts";
import type { Language } from "../core/language.ts";
import { codeSpan } from "../core/markdown.ts";
import { fileKind } from "../core/media-types.ts";
import type { Sandbox } from "../core/sandbox.ts";

/** An answer's words, and the files it names with `MEDIA:` lines, in order. */
export interface Attached {
  readonly markdown: string;
  readonly files: readonly SentFile[];
}

/**
 * Takes the files that an answer names out of the workspace, and hands each to `keep` before it reads the next: each may have 20 MB. What
 * can't be sent is said in the words.
 */
export async function attached(
  content: string,
  sandbox: () => Promise<Sandbox>,
  keep: (index: number, bytes: Uint8Array) => Promise<void>,
  language: () => Promise<Language>,
): Promise<Attached> {
  const { words, paths, as } = mediaIn(content);
  if (paths.length === 0) return { markdown: content, files: [] };
  const files: SentFile[] = [];
  const faults: string[] = [];
  for (const [index, path] of paths.entries()) {
    const got = await taken(sandbox, path, index).catch((error: unknown) => asFailure(error));
    if (got instanceof Failure) {
      const why = got.message === tooMany ? "many" : got.message === empty ? "empty" : null;
      faults.push((await language()).endings.fileNotTaken(codeSpan(path), why, got.message));
    } else {
      await keep(files.length, got.bytes);
      files.push({ ...got.file, kind: kindAs(got.file.kind, as) });
    }
  }
  const names = files.map(({ name }) => name).join(", ");
  const said = words.trim() === "" && faults.length === 0 ? `📎 ${names}` : words.trim();
  return { markdown: [said, ...faults].filter((part) => part !== "").join("\n\n"), files };
}

const tooMany = `at most ${mostFiles} files go with one answer`;
const empty = "it is empty";

async function taken(
  sandbox: () => Promise<Sandbox>,
  path: string,
  before: number,
): Promise<{ readonly file: SentFile; readonly bytes: Uint8Array }> {
  if (before >= mostFiles) throw new Error(tooMany);
  const bytes = await (await sandbox()).readFile(path, largestFile);
  if (bytes.length === 0) throw new Error(empty);
  const name = basename(path);
  return { file: { name, kind: fileKind(name, bytes), size: bytes.length, path }, bytes };
}

/** How all files of an answer are to be sent: without being shown or played where they come, or sound as something said. */
type MediaTag = "as_document" | "audio_as_voice";

function kindAs(kind: FileKind, as: ReadonlySet<MediaTag>): FileKind {
  if (as.has("as_document")) return "document";
  return as.has("audio_as_voice") && kind === "audio" ? "voice" : kind;
}

interface Media {
  readonly words: string;
  readonly paths: readonly string[];
  readonly as: ReadonlySet<MediaTag>;
}

/** The lines `MEDIA:PATH` outside of code with the tags that say how they go, and the words without them. */
export function mediaIn(content: string): Media {
  const paths: string[] = [];
  const as = new Set<MediaTag>();
  let fence: string | null = null;
  const kept = content.split("\n").flatMap((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && fence === null) fence = mark;
    else if (mark !== undefined && fence !== null && line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim())) fence = null;
    if (fence !== null || mark !== undefined || line.length > longestLine) return [line];
    const rest = line.replaceAll(mediaTag, (_, tag: MediaTag) => (as.add(tag), ""));
    const path = mediaLine
      .exec(rest)?.[1]
      ?.replace(/^(["'`])(.*)\1$/, "$2")
      .trim();
    if (path === undefined || path === "") return rest === line || rest.trim() !== "" ? [rest] : [];
    if (!paths.includes(path)) paths.push(path);
    return [];
  });
  return { words: paths.length === 0 ? content : kept.join("\n"), paths, as };
}

/** Longer than any path. */
const longestLine = 1_000;
const mediaTag = /\[\[(as_document|audio_as_voice)\]\]/g;
/** Alone on its line; models put it into a list or code marks. */
const mediaLine = /^\s*(?:[-*]\s+)?`?MEDIA:\s*(.+?)`?\s*$/;
