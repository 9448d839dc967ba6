import { basename } from "node:path/posix";
import { asFailure } from "../core/failures.ts";
import { type FileKind, largestFile, mostFiles, type SentFile } from "../core/files.ts";
import { codeSpan } from "../core/markdown.ts";
import { pictureType } from "../core/media-types.ts";
import type { Sandbox } from "../core/sandbox.ts";

/** An answer's words, and the files it names with `MEDIA:` lines as they lie in the workspace. */
export interface Attached {
  readonly markdown: string;
  readonly files: readonly AttachedFile[];
}

export interface AttachedFile {
  readonly file: SentFile;
  readonly bytes: Uint8Array;
}

/** Takes the files that an answer names out of the workspace. Never throws for a file: what can't be sent is said in the words. */
export async function attached(content: string, sandbox: () => Promise<Sandbox>, signal: AbortSignal): Promise<Attached> {
  const { words, paths } = mediaIn(content);
  if (paths.length === 0) return { markdown: content, files: [] };
  const files: AttachedFile[] = [];
  const faults: string[] = [];
  for (const [index, path] of paths.entries()) {
    try {
      if (index >= mostFiles) throw new Error(`at most ${mostFiles} files go with one answer`);
      files.push(await taken(await sandbox(), path));
    } catch (error) {
      signal.throwIfAborted();
      faults.push(`I could not send ${codeSpan(path)}: ${asFailure(error).message}`);
    }
  }
  const names = files.map(({ file }) => file.name).join(", ");
  const said = words.trim() === "" && faults.length === 0 ? `📎 ${names}` : words.trim();
  return { markdown: [said, ...faults].filter((part) => part !== "").join("\n\n"), files };
}

async function taken(sandbox: Sandbox, path: string): Promise<AttachedFile> {
  const bytes = await sandbox.readFile(path, largestFile);
  if (bytes.length === 0) throw new Error("it is empty");
  const name = basename(path);
  return { file: { name, kind: kindOf(name, bytes), size: bytes.length, path }, bytes };
}

const endings: Readonly<Record<string, FileKind>> = {
  ogg: "voice",
  oga: "voice",
  opus: "voice",
  mp3: "audio",
  m4a: "audio",
  flac: "audio",
  wav: "audio",
  mp4: "video",
  mov: "video",
  webm: "video",
};

function kindOf(name: string, bytes: Uint8Array): FileKind {
  if (pictureType(bytes) !== null) return "picture";
  return endings[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "document";
}

/** The lines `MEDIA:PATH` outside of code, and the words without them. */
export function mediaIn(content: string): { readonly words: string; readonly paths: readonly string[] } {
  const paths: string[] = [];
  let fence: string | null = null;
  const kept = content.split("\n").filter((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && fence === null) fence = mark;
    else if (mark !== undefined && fence !== null && line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim())) fence = null;
    if (fence !== null || mark !== undefined) return true;
    const named = line.length > longestLine ? undefined : mediaLine.exec(line)?.[1];
    const path = named?.replace(/^(["'`])(.*)\1$/, "$2").trim();
    if (path === undefined || path === "") return true;
    if (!paths.includes(path)) paths.push(path);
    return false;
  });
  return { words: paths.length === 0 ? content : kept.join("\n"), paths };
}

/** Longer than any path. */
const longestLine = 1_000;
/** Alone on its line; models put it into a list or code marks. */
const mediaLine = /^\s*(?:[-*]\s+)?`?MEDIA:\s*(.+?)`?\s*$/;
