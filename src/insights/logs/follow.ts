import type { FileHandle } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as wait } from "node:timers/promises";
import { openQuietly } from "./backwards.ts";
import { fieldsOf, type LogEntry, type LogFilter, matches, timeOf } from "./entry.ts";
import { type LogChain, logChains } from "./files.ts";

/** Follows the files of a directory across their rolling. */
export interface LogFollower extends AsyncDisposable {
  /** How far each file had got when this was made: what stands before is not given. */
  readonly positions: ReadonlyMap<string, number>;
  /** What has been written since, in batches, until the signal fires. */
  batches(signal: AbortSignal): AsyncGenerator<readonly LogEntry[]>;
}

export interface FollowOptions {
  readonly directory: string;
  readonly names: readonly string[] | null;
  readonly filter: LogFilter;
  readonly everyMs?: number;
}

/** Looking is cheaper than being told: notices of changes are lost on network drives, and at the rolling of files. */
const usualMs = 250;

/** Begins to follow: from the present end of the files that are there, and from the beginning of those that come. */
export async function followLogs(options: FollowOptions): Promise<LogFollower> {
  const tails = new Map<string, Tail>();
  const positions = new Map<string, number>();
  for (const chain of await logChains(options.directory, options.names)) {
    const [file] = chain.files;
    const tail = file?.endsWith(".log") === true ? await openTail(chain.name, file, "end") : null;
    if (file === undefined || tail === null) continue;
    tails.set(chain.name, tail);
    positions.set(file, tail.position);
  }
  return {
    positions,
    async *batches(signal) {
      while (!signal.aborted) {
        const found = await look(options, tails);
        if (found.length > 0) yield found;
        else await wait(options.everyMs ?? usualMs, undefined, { signal }).catch(() => undefined);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const tail of tails.values()) await tail.handle.close();
    },
  };
}

interface Tail {
  readonly name: string;
  readonly file: string;
  handle: FileHandle;
  key: string;
  position: number;
  /** The beginning of a line that is still being written. */
  rest: string;
  decoder: StringDecoder;
  /** Of the line before, for those without a time. */
  at: number;
}

async function openTail(name: string, file: string, from: "end" | "start"): Promise<Tail | null> {
  const handle = await openQuietly(file);
  if (handle === null) return null;
  const { dev, ino, size } = await handle.stat();
  const position = from === "end" ? size : 0;
  return { name, file, handle, key: `${dev}:${ino}`, position, rest: "", decoder: new StringDecoder("utf8"), at: Date.now() };
}

async function look({ directory, names, filter }: FollowOptions, tails: Map<string, Tail>): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = [];
  for (const chain of await logChains(directory, names)) {
    const file = chain.files.find((each) => each.endsWith(".log"));
    if (file === undefined) continue;
    const known = tails.get(chain.name);
    const tail = known ?? (await openTail(chain.name, file, "start"));
    if (tail === null) continue;
    tails.set(chain.name, tail);
    // One by one: a call takes some hundred thousand arguments at most.
    for (const entry of await readOn(tail)) found.push(entry);
    for (const entry of await readRolled(tail, chain)) found.push(entry);
  }
  return found.filter((entry) => matches(entry, filter)).toSorted((one, other) => one.at - other.at);
}

/** What was added to the open file. */
async function readOn(tail: Tail): Promise<readonly LogEntry[]> {
  const { size } = await tail.handle.stat();
  // Emptied in place.
  if (size < tail.position) [tail.position, tail.rest] = [0, ""];
  const entries: LogEntry[] = [];
  while (tail.position < size) {
    const { buffer, bytesRead } = await tail.handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, tail.position);
    if (bytesRead === 0) break;
    tail.position += bytesRead;
    const parts = (tail.rest + tail.decoder.write(buffer.subarray(0, bytesRead))).split("\n");
    tail.rest = (parts.pop() ?? "").slice(-longestLine);
    for (const line of parts) if (line.trim() !== "") entries.push(entryOf(tail, line));
  }
  return entries;
}

/** The file has been moved aside, perhaps more than once since the last look: goes on with those that came after it. */
async function readRolled(tail: Tail, chain: LogChain): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  const newer = await filesSince(tail, chain);
  for (const next of newer) {
    for (const entry of await readOn(tail)) entries.push(entry);
    if (tail.rest.trim() !== "") entries.push(entryOf(tail, tail.rest));
    await tail.handle.close();
    Object.assign(tail, { handle: next.handle, key: next.key, position: 0, rest: "", decoder: new StringDecoder("utf8") });
  }
  return newer.length === 0 ? entries : [...entries, ...(await readOn(tail))];
}

/** Opens the files that came after the one that is open, oldest first. */
async function filesSince(tail: Tail, chain: LogChain): Promise<readonly Tail[]> {
  const newer: Tail[] = [];
  for (const file of chain.files.filter((each) => !each.endsWith(".gz"))) {
    const next = await openTail(tail.name, file, "start");
    if (next === null) continue;
    if (next.key === tail.key) {
      await next.handle.close();
      return newer;
    }
    newer.unshift(next);
  }
  // It is no more: of the others only the last is certainly new.
  for (const old of newer.slice(0, -1)) await old.handle.close();
  return newer.slice(-1);
}

function entryOf(tail: Tail, line: string): LogEntry {
  const fields = fieldsOf(line);
  tail.at = timeOf(fields) ?? tail.at;
  return { at: tail.at, fields, line, from: tail.name };
}

const chunkBytes = 64 * 1024;
const longestLine = 1024 * 1024;
