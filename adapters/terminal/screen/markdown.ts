import type { RootContent, Table } from "mdast";
import { layout } from "../../render/layout.ts";
import type { Line, Mark, Span } from "../../render/lines.ts";
import { lineText } from "../../render/lines.ts";
import { parseMarkdown } from "../../render/parse.ts";
import { type Look, type Piece, piece, type Row, wrapped } from "./rows.ts";
import { tableRows } from "./table.ts";

/** Markdown as rows of at most this width: no signs of markup, tables as columns, code as it is. */
export function markdownRows(markdown: string, width: number): readonly Row[] {
  const blocks = parseMarkdown(markdown).map((block) => blockRows(block, width));
  return blocks.filter((rows) => rows.length > 0).flatMap((rows, at) => (at === 0 ? rows : [[], ...rows]));
}

function blockRows(block: RootContent, width: number): readonly Row[] {
  if (block.type === "table") return tableRows(cellsOf(block), block.align ?? [], width);
  return layout([block]).flatMap((lines) => lines.flatMap((line, at) => [...gapOf(line, at), ...lineRows(line, width)]));
}

/** Empty lines within a block, such as between the items of a list; those between blocks are the caller's. */
function gapOf({ gap }: Line, at: number): readonly Row[] {
  return at === 0 ? [] : Array.from({ length: gap }, () => []);
}

function lineRows(line: Line, width: number): readonly Row[] {
  if (line.fence !== null) return wrapped([piece(codeInset), piece(lineText(line), "code")], width, [piece(codeInset)]);
  const bar = line.quote === null ? [] : [piece("│ ", "dim")];
  const marker = /^\s*(?:(?:[•◦▪☐☑]|\d{1,9}\.) )?/.exec(lineText(line))?.[0] ?? "";
  const hang = [...bar, piece(" ".repeat(marker.length))];
  return wrapped([...bar, ...line.spans.flatMap(pieces)], width, hang);
}

const codeInset = "  ";

/** A link's address is said where its words don't. */
function pieces({ text, marks }: Span): readonly Piece[] {
  const looks = marks.map(lookOf);
  const link = marks.find((mark) => mark.type === "link");
  const isSaid = link === undefined || link.url.replace(/^mailto:/, "").replace(/\/$/, "") === text.replace(/\/$/, "");
  return isSaid ? [{ text, looks }] : [{ text, looks }, piece(` (${link.url})`, "dim")];
}

function lookOf(mark: Mark): Look {
  return mark.type;
}

function cellsOf(table: Table): readonly (readonly Row[])[] {
  return table.children.map((row) =>
    row.children.map((cell): Row => {
      const [lines = []] = layout([{ type: "paragraph", children: cell.children }]);
      return lines.flatMap((line, at) => [...(at === 0 ? [] : [piece(" ")]), ...line.spans.flatMap(pieces)]);
    }),
  );
}
