import { join } from "node:path";
import type { Config } from "../config/keys.ts";
import type { LogOptions } from "../insights/log.ts";

/** Where the log goes, what goes into it and how large its files may be, as configured. */
export function logOptions({ home, logging }: Config): Pick<LogOptions, "directory" | "level" | "maxBytes" | "oldFiles"> {
  const { level, maxSizeMb, backupCount } = logging;
  return { directory: join(home, "logs"), level, maxBytes: maxSizeMb * megabyte, oldFiles: backupCount };
}

const megabyte = 1024 * 1024;
