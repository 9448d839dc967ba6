import { markdownRows } from "./markdown.ts";
import { painted } from "./rows.ts";

/** Markdown as text for a terminal; `plain`: without colours and the like. */
export function drawMarkdown(markdown: string, { width, plain }: { readonly width: number; readonly plain: boolean }): string {
  // 80 where nobody knows.
  return markdownRows(markdown, width > 0 ? width : 80)
    .map((row) => painted(row, plain).trimEnd())
    .join("\n");
}
