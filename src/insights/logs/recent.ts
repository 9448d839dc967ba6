import { linesBackwards, openQuietly, packedLinesBackwards } from "./backwards.ts";
import { fieldsOf, type LogEntry, type LogFilter, matches, timeOf } from "./entry.ts";
import type { LogChain } from "./files.ts";

/** How far each file that is still written had got; those that a follower goes on from. */
export type LogPositions = ReadonlyMap<string, number>;

/** The last entries that match, oldest first, of all processes' files in the order of their times. */
export async function recentEntries(
  chains: readonly LogChain[],
  filter: LogFilter,
  most: number,
  positions: LogPositions = new Map(),
): Promise<readonly LogEntry[]> {
  const sources = chains.map((chain) => entriesBackwards(chain, filter, positions));
  const heads = await Promise.all(sources.map(async (source) => await source.next()));
  const found: LogEntry[] = [];
  try {
    while (found.length < most) {
      const newest = newestOf(heads);
      const head = heads[newest];
      const source = sources[newest];
      if (head === undefined || head.done === true || source === undefined) break;
      found.push(head.value);
      heads[newest] = await source.next();
    }
  } finally {
    await Promise.all(sources.map(async (source) => await source.return()));
  }
  return found.toReversed();
}

function newestOf(heads: readonly IteratorResult<LogEntry, void>[]): number {
  let newest = -1;
  let at = -Infinity;
  for (const [index, head] of heads.entries()) {
    if (head.done === true || head.value.at < at) continue;
    if (newest >= 0 && head.value.at === at) continue;
    [newest, at] = [index, head.value.at];
  }
  return newest;
}

/** Those of one chain, newest first; ends where they are older than what is wanted. */
async function* entriesBackwards(chain: LogChain, filter: LogFilter, positions: LogPositions): AsyncGenerator<LogEntry, void> {
  /** Torn lines, whose time is that of the line before them: they come first here. */
  let timeless: string[] = [];
  for await (const line of chainBackwards(chain, positions)) {
    // Reading all of a line takes much longer than looking whether it can be one that is wanted.
    if (filter.turn !== null && filter.since === null && !line.includes(filter.turn)) {
      timeless = [];
      continue;
    }
    const fields = fieldsOf(line);
    const at = timeOf(fields);
    if (at === null) {
      if (line.trim() !== "" && timeless.length < mostTimeless) timeless.push(line);
      continue;
    }
    for (const entry of timeless.map((each) => ({ at, fields: fieldsOf(each), line: each, from: chain.name })))
      if (matches(entry, filter)) yield entry;
    timeless = [];
    const entry = { at, fields, line, from: chain.name };
    if (matches(entry, filter)) yield entry;
    else if (filter.since !== null && at < filter.since - slackMs) return;
  }
  for (const line of timeless) {
    const entry = { at: 0, fields: fieldsOf(line), line, from: chain.name };
    if (matches(entry, filter)) yield entry;
  }
}

/** Processes that share a file write in batches: its lines are a little out of order. */
const slackMs = 10_000;
/** A file of another program's words would all be kept waiting for a time. */
const mostTimeless = 1_000;

async function* chainBackwards({ files }: LogChain, positions: LogPositions): AsyncGenerator<string, void> {
  const seen = new Set<string>();
  for (const file of files) {
    if (file.endsWith(".gz")) {
      yield* await packedLinesBackwards(file);
      continue;
    }
    await using handle = await openQuietly(file);
    if (handle === null) continue;
    const { dev, ino, size } = await handle.stat();
    // Rolled while this reads: the next name is the file that has just been read.
    if (seen.has(`${dev}:${ino}`)) continue;
    seen.add(`${dev}:${ino}`);
    yield* linesBackwards(handle, positions.get(file) ?? size);
  }
}
