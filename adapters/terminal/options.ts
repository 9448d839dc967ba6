import type { PlatformParts, TerminalParts } from "../platform.ts";

/** What the terminals need from outside. */
export interface TerminalOptions extends TerminalParts, Pick<PlatformParts, "offered" | "suggest" | "settings" | "log"> {
  /** `HERMES_HOME`: files that are sent are put there. */
  readonly home: string;
}
