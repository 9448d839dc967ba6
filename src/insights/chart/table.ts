/** A table of a text: plain words in every cell, each row as wide as the head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Of longer texts, lines and tables the rest is not read: nobody looks at a chart of it. */
const longestText = 400_000;
const longestLine = 4_000;
const mostRows = 1_000;
const mostColumns = 16;

/** The GFM tables of a Markdown text, outside of code, in order. */
export function tablesIn(markdown: string): readonly Table[] {
  const found: Table[] = [];
  let fence: string | null = null;
  const lines = markdown.slice(0, longestText).split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && fence === null) fence = mark;
    else if (mark !== undefined && fence !== null && line.trim().startsWith(fence) && /^[`~\s]+$/.test(line)) fence = null;
    else if (fence === null && isDelimiter(lines[at + 1] ?? "") && line.includes("|")) {
      const head = cellsOf(line);
      if (head.length !== cellsOf(lines[at + 1] ?? "").length) continue;
      const rows = rowsFrom(lines, at + 2);
      found.push(shaped(head, rows));
      at += 1 + rows.length;
    }
  }
  return found;
}

function isDelimiter(line: string): boolean {
  return (
    line.length <= longestLine && line.includes("-") && line.includes("|") && cellsOf(line).every((cell) => /^:?-+:?$/.test(cell))
  );
}

function rowsFrom(lines: readonly string[], from: number): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  for (let at = from; at < lines.length && rows.length < mostRows; at += 1) {
    const line = lines[at] ?? "";
    // A row needs no bar; but a report's next sentence is none.
    if (line.trim() === "" || !line.includes("|")) break;
    rows.push(cellsOf(line));
  }
  return rows;
}

function shaped(head: readonly string[], rows: readonly (readonly string[])[]): Table {
  const columns = head.slice(0, mostColumns).map((_, column) => column);
  const row = (cells: readonly string[]) => columns.map((column) => plain(cells[column] ?? ""));
  return { head: row(head), rows: rows.map(row) };
}

function cellsOf(line: string): readonly string[] {
  const bare = line
    .slice(0, longestLine)
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** A cell as it reads: without marks, links' addresses, HTML, pictures and what can't be seen. */
function plain(cell: string): string {
  return cell
    .toWellFormed()
    .replaceAll(/!?\[([^\][]{0,400})\]\([^()]{0,1000}\)/g, "$1")
    .replaceAll(/<[a-z/][^<>]{0,200}>/gi, " ")
    .replaceAll(/\*\*|__|~~|`/g, "")
    .replaceAll(/(?<![\p{L}\p{N}])[*_](?=\S)|(?<=\S)[*_](?![\p{L}\p{N}])/gu, "")
    .replaceAll(/\\([!-/:-@[-`{-~])/g, "$1")
    .replaceAll("&amp;", "&")
    .replaceAll("&nbsp;", " ")
    .replaceAll(/[\p{Extended_Pictographic}\p{Regional_Indicator}\u{1F3FB}-\u{1F3FF}\uFE0F\u20E3\p{Cf}\p{Cc}]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, longestCell);
}

const longestCell = 120;
