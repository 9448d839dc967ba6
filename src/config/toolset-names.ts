import { foreignToolsets, isToolsetName, toolsetNames } from "../core/toolsets.ts";
import { shown } from "./findings.ts";
import type { Fault } from "./kinds.ts";
import { nearest } from "./nearest.ts";

/** The variable that `--toolsets` sets. It is here, without the table of keys, because every start of a command pays for what it loads. */
export const toolsetsVariable = "HERMES_TOOLSETS";

/** What is wrong with names of sets: unknown ones, with the nearest known. */
export function toolsetFaults(names: readonly unknown[], at = ""): Fault[] {
  return names.flatMap((entry, index): Fault[] => {
    const name = typeof entry === "string" ? entry.trim() : entry;
    if (typeof name === "string" && isToolsetName(name)) return [];
    const place = `${at}[${index}]`;
    if (typeof name === "string" && foreignToolsets.includes(name))
      return [
        {
          severity: "warning",
          at: place,
          message: ` is ${shown(name, false)}, whose tools this version has not.`,
          mend: "Nothing to do.",
        },
      ];
    const meant = typeof name === "string" ? nearest(name, toolsetNames) : null;
    const mend = meant === null ? `Sets of tools: ${toolsetNames.join(", ")}, mcp-SERVER.` : `Did you mean ${meant}?`;
    return [
      {
        severity: "error",
        at: place,
        message: ` is ${shown(name, false)}, which is no set of tools; it counts as not there.`,
        mend,
      },
    ];
  });
}

/** A list's entries, or the names in a text with commas. */
export function entriesOf(raw: unknown): unknown[] {
  if (Array.isArray(raw)) return raw;
  if (typeof raw !== "string") return [raw];
  return raw
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
