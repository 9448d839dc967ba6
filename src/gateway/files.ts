import { setTimeout as pause } from "node:timers/promises";
import { asFailure } from "../core/failures.ts";
import { type FetchedFile, type FileContent, type FileRef, largestFile, mostFiles } from "../core/files.ts";
import { sizeWords } from "../core/size-words.ts";
import { keepFile, keptFiles } from "../store/files.ts";
import type { GatewayParts } from "./parts.ts";

/** One file at a slow platform; a chat's later messages wait for it. */
const fetchMs = 60_000;
const tries = 3;
const pauseMs = 500;
/** A platform that wants a longer pause than this is not waited for: the person is. */
const longestPauseMs = 5_000;

/** Fetches a message's files from its platform and keeps them for its turn. What can't be had is kept as such, with the reason. */
export async function takeFiles(
  parts: Pick<GatewayParts, "db" | "log" | "fetchFile">,
  inbox: number,
  platform: string,
  files: readonly FileRef[],
): Promise<void> {
  const kept = await keptFiles(parts.db, inbox);
  for (const [position, file] of files.slice(0, mostFiles).entries()) {
    if (!kept.has(position)) await keepFile(parts.db, inbox, position, await taken(parts, platform, file));
  }
  const left = files.slice(mostFiles);
  if (left.length === 0) return;
  const name = `${left.length} more files`;
  const reason = `at most ${mostFiles} are taken with one message`;
  await keepFile(parts.db, inbox, mostFiles, { kind: "document", name, content: { type: "missing", reason } });
}

async function taken(parts: Pick<GatewayParts, "log" | "fetchFile">, platform: string, file: FileRef): Promise<FetchedFile> {
  const { kind, name, size } = file;
  if (size !== null && size > largestFile) return { kind, name, content: tooLarge(size) };
  return { kind, name, content: await content(parts, platform, file) };
}

async function content(parts: Pick<GatewayParts, "log" | "fetchFile">, platform: string, file: FileRef): Promise<FileContent> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bytes = await parts.fetchFile(platform, file, largestFile, AbortSignal.timeout(fetchMs));
      return { type: "bytes", bytes };
    } catch (error) {
      const failure = asFailure(error);
      const wait = failure.retryAfterMs ?? pauseMs * attempt;
      if (failure.code === "platform.refused" || attempt === tries || wait > longestPauseMs) {
        parts.log.warn({ platform, code: failure.code, error: failure }, "a file that came with a message could not be fetched");
        return { type: "missing", reason: failure.message };
      }
      await pause(wait);
    }
  }
}

function tooLarge(size: number): FileContent {
  return { type: "missing", reason: `it has ${sizeWords(size)}, and at most ${sizeWords(largestFile)} are taken` };
}
