import { stripVTControlCharacters } from "node:util";

/** Control characters but tab and line ends: whoever prints the text to a terminal of their own must not be steered by it. */
const controls = /(?![\t\n\r])\p{Cc}/gu;

/** What a terminal would show at the end: no control sequences, and of a line that was written over (progress bars) only its last form. */
export function plainText(text: string): string {
  const struck = stripVTControlCharacters(text).replaceAll(/[^\n]\u0008/g, "");
  const shown = struck.replaceAll(controls, "").replaceAll(/\r+\n/g, "\n");
  if (!shown.includes("\r")) return shown;
  return shown
    .split("\n")
    .map((line) => line.split("\r").findLast((part) => part !== "") ?? "")
    .join("\n");
}
