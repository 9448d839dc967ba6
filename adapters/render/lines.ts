/** A run of text's looks. One object for each place in the source: two runs belong together only when they hold the same object. */
export type Mark =
  | { readonly type: "bold" }
  | { readonly type: "italic" }
  | { readonly type: "strike" }
  | { readonly type: "code" }
  | { readonly type: "link"; readonly url: string };

/** Text with one set of marks, outermost first. */
export interface Span {
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** A quotation; lines that hold the same object are one quotation. */
export interface Quote {
  readonly type: "quote";
}

/** A fence or a table in monospace; lines that hold the same object are one fence. */
export interface Fence {
  readonly type: "fence";
  readonly language: string | null;
  /** Said again where the fence goes on in the next chunk: a table's head. */
  readonly head: readonly Line[];
}

/** One line of a message, the unit chunks are made of. A platform turns lines into its own markup. */
export interface Line {
  readonly spans: readonly Span[];
  /** Empty lines before it, unless it opens a chunk. */
  readonly gap: number;
  /** Stays with the next line: a heading does not end a chunk. */
  readonly glued: boolean;
  readonly quote: Quote | null;
  readonly fence: Fence | null;
}

/** A line of these spans, in no frame. */
export function line(spans: readonly Span[], more: Partial<Omit<Line, "spans">> = {}): Line {
  return { spans, gap: 0, glued: false, quote: null, fence: null, ...more };
}

/** Text without looks. */
export function plain(text: string): Span {
  return { text, marks: [] };
}

export function lineText(of: Line): string {
  return of.spans.map((span) => span.text).join("");
}

/** The part of a line between two UTF-16 offsets, with its marks and frames. */
export function sliceLine(of: Line, from: number, to: number): Line {
  const spans: Span[] = [];
  let at = 0;
  for (const span of of.spans) {
    const text = span.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") spans.push(text.length === span.text.length ? span : { text, marks: span.marks });
    at += span.text.length;
    if (at >= to) break;
  }
  return { ...of, spans, gap: from === 0 ? of.gap : 0 };
}

/** The unbreakable stretches of a line: links and inline code. */
export function wholes(of: Line): { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number; mark: Mark }[] = [];
  let at = 0;
  for (const span of of.spans) {
    const mark = span.marks.find((each) => each.type === "link" || each.type === "code");
    const last = found.at(-1);
    if (mark && last && last.mark === mark && last.to === at) last.to += span.text.length;
    else if (mark) found.push({ from: at, to: at + span.text.length, mark });
    at += span.text.length;
  }
  return found;
}
