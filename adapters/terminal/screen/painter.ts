import { painted, type Row, rowCells } from "./rows.ts";

/** Where the drawing goes. */
export interface Canvas {
  write(text: string): unknown;
  readonly columns: number;
  readonly rows: number;
}

/** A screen that tells no size. */
const usual = { columns: 80, rows: 24 };

/** What a process writes on, as large as it is by then. */
export function canvasOf(stdout: Canvas): Canvas {
  return {
    write: (text) => stdout.write(text),
    get columns() {
      return stdout.columns || usual.columns;
    },
    get rows() {
      return stdout.rows || usual.rows;
    },
  };
}

/** What is drawn: lines that stay, and below them some that change, with the cursor in them. */
export interface Painter {
  /** Lines for good. They are seen with the next `draw`. */
  commit(rows: readonly Row[]): void;
  /** Draws what changes anew; `cursor` counts from its first line. */
  draw(rows: readonly Row[], cursor: { readonly row: number; readonly column: number }): void;
  /** The screen has another size: what was drawn may have been broken into more lines. */
  resized(): void;
  /** Leaves the cursor below everything. */
  end(): void;
}

/** Draws with the few control sequences that every terminal knows. `still`: for one that knows none; it is shown what stays. */
export function createPainter(canvas: Canvas, { plain, still }: { readonly plain: boolean; readonly still: boolean }): Painter {
  let due: Row[] = [];
  /** The widths of the lines that are drawn, and where the cursor is in them. */
  let drawn: { readonly widths: readonly number[]; readonly row: number; readonly column: number } | null = null;
  let last = "";
  const flat = (rows: readonly Row[]) => rows.map((row) => painted(row, plain));
  const top = (): string => {
    if (drawn === null) return "";
    const high = (cells: number) => Math.max(1, Math.ceil(cells / canvas.columns));
    const above = drawn.widths.slice(0, drawn.row).reduce((sum, cells) => sum + high(cells), 0);
    const up = above + Math.floor(drawn.column / canvas.columns);
    return `\r${up > 0 ? `\u001b[${up}A` : ""}\u001b[J`;
  };
  const flush = (): string => {
    const text = flat(due)
      .map((line) => `${line}\r\n`)
      .join("");
    due = [];
    return text;
  };
  return {
    commit(rows) {
      due.push(...rows);
      if (still && rows.length > 0) canvas.write(flush());
    },
    draw(rows, cursor) {
      if (still) return;
      const lines = flat(rows);
      const key = `${lines.join("\n")} ${cursor.row} ${cursor.column}`;
      if (due.length === 0 && drawn !== null && key === last) return;
      last = key;
      const down = lines.length - 1 - cursor.row;
      const place = `${down > 0 ? `\u001b[${down}A` : ""}\r${cursor.column > 0 ? `\u001b[${cursor.column}C` : ""}`;
      canvas.write(`\u001b[?2026h\u001b[?25l${top()}${flush()}${lines.join("\r\n")}${place}\u001b[?25h\u001b[?2026l`);
      drawn = { widths: rows.map(rowCells), row: cursor.row, column: cursor.column };
    },
    resized() {
      last = "";
    },
    end() {
      if (!still) canvas.write(`${top()}${flush()}`);
      drawn = null;
    },
  };
}
