import type { Context } from "./context.ts";

/** A line as it fits the terminal, going on under `indent` spaces; whole where the output is read by a program. */
export function fitted(context: Context, line: string, indent = 0): readonly string[] {
  // Somebody can be asked only at a terminal.
  return context.ask === null ? [line] : wrapped(line, process.stdout.columns ?? usualWidth, indent);
}

/** The same for a text of several lines. */
export function fittedText(context: Context, text: string, indent: number): string {
  return text
    .split("\n")
    .flatMap((line) => fitted(context, line, indent))
    .join("\n");
}

const usualWidth = 80;
const leastWidth = 40;

/** Breaks a line between words. What is longer than a line by itself, such as an address, stays whole, so that it can be copied. */
export function wrapped(line: string, columns: number, indent: number): readonly string[] {
  const [width, lines] = [Math.max(columns, leastWidth), [] as string[]];
  let current = "";
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (current.trim() !== "" && current.length + word.length > width) {
      lines.push(current);
      current = " ".repeat(indent) + word.trimStart();
    } else current += word;
  }
  return [...lines, current];
}
