/** Where in Markdown a text stands: marks in code are text. */
export interface CodeSpans {
  /** In a span or a fence. */
  readonly inside: boolean;
  /** Something other than white space stands before this place on its line. */
  readonly lineBegun: boolean;
  /** The last character taken. */
  readonly last: string;
  /** Takes a line break, or a run of backticks or tildes, with the text since the last one taken. */
  step(mark: string, before: string): void;
  /** Takes text that holds none of them. */
  pass(text: string): void;
}

/** Where code began: by which character, how many of them. */
interface Opening {
  readonly character: string;
  readonly length: number;
}

/**
 * Follows code spans and fences. A span of one or two backticks ends at its line's end at the latest, so that a stray one hides no more
 * than a line. Three begin a fence wherever they stand: many models write `Here it is: ```json`.
 */
export function followCode(): CodeSpans {
  let open: Opening | null = null;
  let lineBegun = false;
  let last = "";
  const pass = (text: string): void => {
    if (!lineBegun && text.trim() !== "") lineBegun = true;
    last = text.at(-1) ?? last;
  };
  return {
    get inside() {
      return open !== null;
    },
    get lineBegun() {
      return lineBegun;
    },
    get last() {
      return last;
    },
    pass,
    step: (mark, before) => {
      pass(before);
      last = mark.at(-1) ?? last;
      if (mark === "\n") {
        if (open !== null && open.length < 3) open = null;
        lineBegun = false;
        return;
      }
      const run: Opening = { character: last, length: mark.length };
      if (open === null) open = begins(run, lineBegun) ? run : null;
      else if (ends(open, run, lineBegun)) open = null;
      lineBegun = true;
    },
  };
}

function begins(run: Opening, lineBegun: boolean): boolean {
  return run.character === "`" || (run.length >= 3 && !lineBegun);
}

function ends(open: Opening, run: Opening, lineBegun: boolean): boolean {
  if (run.character !== open.character) return false;
  const same = run.length === open.length && open.character === "`";
  return same || (open.length >= 3 && run.length >= open.length && !lineBegun);
}
