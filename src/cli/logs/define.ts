import { join } from "node:path";
import { type Command, Option } from "commander";
import { type LogEntry, type LogFilter, logLevels } from "../../insights/logs/entry.ts";
import { logChains, logFileFacts } from "../../insights/logs/files.ts";
import { followLogs } from "../../insights/logs/follow.ts";
import { recentEntries } from "../../insights/logs/recent.ts";
import { type Context, exits, type Streams } from "../context.ts";
import { sinceTime } from "./since.ts";
import { entryLines, lookOf } from "./view.ts";

export interface LogsOptions {
  readonly streams: Streams | undefined;
  /** The kinds of processes; null lets whoever types it choose. */
  readonly which: string | null;
}

interface Asked {
  readonly follow?: boolean;
  readonly turn?: string;
  readonly level?: string;
  readonly since?: string;
  readonly lines?: string;
  readonly json?: boolean;
}

/** Gives a command the options and the action of `hermes logs`. */
export function defineLogs(command: Command, context: Context, { streams, which }: LogsOptions): void {
  if (which === null) command.argument("[which]", `one of ${Object.keys(kinds).join(", ")}; or list, for the files`);
  command
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .option("-n, --lines <n>", `how many lines; ${usualLines} unless a turn or a time is named`)
    .option("--turn <id>", "what was logged in the course of one turn; the beginning of its id is enough")
    .addOption(new Option("--level <level>", "this level and worse").choices([...logLevels, "warning"]))
    .option("--since <time>", "as 30m, 2h, 3d, 14:05 or 2026-01-31T14:05")
    .option("--json", "the lines as they are in the files")
    .action(async (...args: readonly unknown[]) => {
      const typed = which ?? (typeof args[0] === "string" ? args[0] : "all");
      // Commander hands over the argument, where there is one, and then the options that are declared above.
      await showLogs(context, streams, wantedOf(command, typed, args[which === null ? 1 : 0] as Asked));
    });
}

/** The original's names are read, too. */
const kinds: Readonly<Record<string, readonly string[] | null>> = {
  all: null,
  gateway: ["hermes", "gateway"],
  worker: ["hermes", "worker"],
  agent: ["hermes", "worker"],
  errors: null,
};

const usualLines = 50;
const mostLines = 100_000;

/** What was asked for, read. */
interface Wanted {
  readonly names: readonly string[] | null;
  readonly list: boolean;
  readonly filter: LogFilter;
  readonly most: number;
  readonly follow: boolean;
  readonly json: boolean;
}

function wantedOf(command: Command, which: string, asked: Asked): Wanted {
  const { turn, level, since, lines, follow = false, json = false } = asked;
  const wrong = (message: string) => command.error(`error: ${message}`);
  const names = which === "list" ? null : kinds[which];
  if (names === undefined)
    return wrong(`there is no log ${JSON.stringify(which)}; name one of ${Object.keys(kinds).join(", ")}, list`);
  const at = since === undefined ? null : sinceTime(since, Date.now());
  if (since !== undefined && at === null)
    return wrong(`${JSON.stringify(since)} is no time; it is written as 30m, 2h, 3d, 14:05 or 2026-01-31T14:05`);
  if (lines !== undefined && !/^\d{1,9}$/.test(lines)) return wrong(`${JSON.stringify(lines)} is no number of lines`);
  const word = level === "warning" ? "warn" : (level ?? (which === "errors" ? "warn" : undefined));
  const filter = { turn: turn ?? null, level: logLevels.find((each) => each === word) ?? null, since: at };
  const usual = turn === undefined && since === undefined ? usualLines : mostLines;
  const most = lines === undefined ? usual : Math.min(Number(lines), mostLines);
  return { names, list: which === "list", filter, most, follow, json };
}

async function showLogs(context: Context, streams: Streams | undefined, wanted: Wanted): Promise<void> {
  const directory = join(context.home, "logs");
  if (wanted.list) return await listFiles(context, directory);
  const { names, filter, most, json } = wanted;
  const look = json ? "json" : lookOf(context.env, streams);
  const say = (entries: readonly LogEntry[]): void => {
    for (const entry of entries) for (const line of entryLines(entry, look)) context.print(line);
  };
  if (!wanted.follow) {
    const entries = await recentEntries(await logChains(directory, names), filter, most);
    if (entries.length === 0) await sayNothingFound(context, directory, wanted);
    return say(entries);
  }
  await using follower = await followLogs({ directory, names, filter });
  const chains = await logChains(directory, names);
  if (chains.length === 0) context.remark(`hermes: There is no log in ${directory} yet; waiting for its first line.`);
  say(await recentEntries(chains, filter, most, follower.positions));
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
  for await (const entries of follower.batches(stop.signal)) say(entries);
}

async function sayNothingFound(context: Context, directory: string, { names, filter }: Wanted): Promise<void> {
  const chains = await logChains(directory, names);
  const filtered = filter.turn !== null || filter.level !== null || filter.since !== null;
  if (chains.length > 0) context.remark(filtered ? "hermes: No line matches." : "hermes: The log is empty.");
  else context.remark(nothingYet(directory));
  context.exit(exits.failure);
}

function nothingYet(directory: string): string {
  return `hermes: There is no log in ${directory}: nothing has run on this home yet. \`hermes gateway start\` starts it.`;
}

async function listFiles(context: Context, directory: string): Promise<void> {
  const files = (await Promise.all((await logChains(directory, null)).map(logFileFacts))).flat();
  if (files.length === 0) {
    context.remark(nothingYet(directory));
    return context.exit(exits.failure);
  }
  for (const { file, bytes, at } of files)
    context.print(
      `${String(Math.ceil(bytes / 1024)).padStart(8)} KB  ${new Date(at).toISOString().slice(0, 16).replace("T", " ")}  ${file}`,
    );
}
