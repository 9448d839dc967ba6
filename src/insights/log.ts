import { join } from "node:path";
import { type LevelWithSilent, pino } from "pino";
import type { Log } from "../core/log.ts";
import { redact } from "../core/redact.ts";
import { loggable } from "./fields.ts";
import { type LinePump, linePump } from "./line-pump.ts";
import { descriptor, rollingFile } from "./line-sinks.ts";
import { contextFields } from "./log-context.ts";
import { prettyLine } from "./pretty.ts";

export interface LogOptions {
  /** Where the files go; made when missing. */
  readonly directory: string;
  /** The file's name before `.log`; `hermes` by default. */
  readonly name?: string;
  /** A file is moved aside at this size, and this many old ones are kept. */
  readonly maxBytes?: number;
  readonly oldFiles?: number;
  readonly level: "debug" | "info" | "warning" | "error";
  /** Short lines for a person on the console; otherwise JSON there too. */
  readonly pretty: boolean;
  /** The console's file descriptor; stderr by default, null for none. */
  readonly console?: number | null;
}

/** A log with files behind it. `close` writes what is waiting, for two seconds at most. */
export interface OpenLog extends Log {
  /** An error that goes into the file alone, because it is said elsewhere, too. */
  toFile(fields: Readonly<Record<string, unknown>>, message: string): void;
  close(): Promise<void>;
}

/** Unless `logging.max_size_mb` and `logging.backup_count` say otherwise. */
const usualBytes = 10 * 1024 * 1024;
const usualOldFiles = 5;
const closeMs = 1_000; // each of the two

/**
 * Opens the log: JSON lines in a file, rolled by size, and lines on the console, all redacted. Writing never blocks, throws or
 * ends the process; a full disk or a closed console costs lines, and says so when it ends.
 */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  const screen = options.console === null ? null : linePump({ sink: descriptor(options.console ?? 2), onTrouble: () => {} });
  const file = filePump(options, screen);
  const colour = options.pretty && process.stderr.isTTY === true;
  let shown = true;
  const write = (line: string): void => {
    file.write(line);
    if (shown) screen?.write(options.pretty ? prettyLine(line, colour) : line);
  };
  const logger = pino(
    {
      level: levels[options.level],
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters,
      // Only what a line does not say itself: the later of two fields of one name would hide the other.
      mixin: contextFields,
      mixinMergeStrategy: (own: object, around: object) => ({ ...around, ...own }),
    },
    { write },
  );
  const at = (level: "debug" | "info" | "warn" | "error") => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](loggable(fields), redact(message));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    toFile: (fields, message) => {
      // It is written before the call returns.
      shown = false;
      at("error")(fields, message);
      shown = true;
    },
    close: async () => {
      // The file first: what is wrong with it is said on the console.
      await file.close(closeMs);
      await screen?.close(closeMs);
    },
  };
}

const levels: Readonly<Record<LogOptions["level"], LevelWithSilent>> = {
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
};
const formatters = { level: (label: string) => ({ level: label }) };

function filePump(options: LogOptions, screen: LinePump | null): LinePump {
  const { directory, name = "hermes", maxBytes = usualBytes, oldFiles = usualOldFiles } = options;
  const pump = linePump({
    sink: rollingFile(join(directory, `${name}.log`), maxBytes, oldFiles),
    onTrouble: (error, lost) => {
      if (error !== null) screen?.write(`hermes: the log in ${directory} can't be written: ${reason(error)}\n`);
      else
        pump.write(
          `${JSON.stringify({ level: "warn", time: new Date().toISOString(), pid: process.pid, msg: `${lost} log lines were lost` })}\n`,
        );
    },
  });
  return pump;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
