import { stripVTControlCharacters } from "node:util";

/** What a terminal would show at the end: no control sequences, and of a line that was written over (progress bars) only its last form. */
export function plainText(text: string): string {
  const shown = stripVTControlCharacters(text).replaceAll(/\r+\n/g, "\n");
  if (!shown.includes("\r")) return shown;
  return shown
    .split("\n")
    .map((line) => line.split("\r").findLast((part) => part !== "") ?? "")
    .join("\n");
}
