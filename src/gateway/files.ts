import { setTimeout as pause } from "node:timers/promises";
import { asFailure, Failure } from "../core/failures.ts";
import { type FetchedFile, type FileContent, type FileRef, largestFile, mostFiles } from "../core/files.ts";
import { sizeWords } from "../core/size-words.ts";
import { keepFile, keptFiles } from "../store/files.ts";
import type { GatewayParts } from "./parts.ts";

/** All files of a message at a slow platform: the chat's later messages wait for them. */
const fetchMs = 60_000;
const tries = 3;
const pauseMs = 500;
/** A platform that wants a longer pause than this is not waited for: the person is. */
const longestPauseMs = 5_000;

/**
 * Fetches a message's files from its platform and keeps them for its turn. What can't be had is kept as such, with the reason. Rejects
 * when `closing` fires: then the message is taken up again by whoever comes next.
 */
export async function takeFiles(
  parts: Pick<GatewayParts, "db" | "log" | "fetchFile">,
  inbox: number,
  platform: string,
  files: readonly FileRef[],
  closing: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(fetchMs);
  const kept = await keptFiles(parts.db, inbox);
  for (const [position, file] of files.slice(0, mostFiles).entries()) {
    if (!kept.has(position)) await keepFile(parts.db, inbox, position, await taken(parts, platform, file, { late, closing }));
  }
  const left = files.slice(mostFiles);
  if (left.length === 0) return;
  const name = `${left.length} more files`;
  const reason = `at most ${mostFiles} are taken with one message`;
  await keepFile(parts.db, inbox, mostFiles, { kind: "document", name, content: { type: "missing", reason } });
}

interface Until {
  readonly late: AbortSignal;
  readonly closing: AbortSignal;
}

async function taken(
  parts: Pick<GatewayParts, "log" | "fetchFile">,
  platform: string,
  file: FileRef,
  until: Until,
): Promise<FetchedFile> {
  const { kind, name, size } = file;
  if (size !== null && size > largestFile) return { kind, name, content: tooLarge(size) };
  return { kind, name, content: await content(parts, platform, file, until) };
}

async function content(
  parts: Pick<GatewayParts, "log" | "fetchFile">,
  platform: string,
  file: FileRef,
  until: Until,
): Promise<FileContent> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bytes = await parts.fetchFile(platform, file, largestFile, AbortSignal.any([until.late, until.closing]));
      return { type: "bytes", bytes };
    } catch (error) {
      if (until.closing.aborted) throw new Failure("turn.draining", "the gateway stops", { retryable: true });
      const failure = asFailure(error);
      const wait = failure.retryAfterMs ?? pauseMs * attempt;
      if (failure.code === "platform.refused" || attempt === tries || wait > longestPauseMs || until.late.aborted) {
        parts.log.warn({ platform, code: failure.code, error: failure }, "a file that came with a message could not be fetched");
        return { type: "missing", reason: until.late.aborted ? "it took too long to come" : failure.message };
      }
      await pause(wait);
    }
  }
}

function tooLarge(size: number): FileContent {
  return { type: "missing", reason: `it has ${sizeWords(size)}, and at most ${sizeWords(largestFile)} are taken` };
}
