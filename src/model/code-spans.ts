/** Where in Markdown a text stands: marks in code are text. */
export interface CodeSpans {
  /** In a span or a fence. */
  readonly inside: boolean;
  /** Takes a line break or a run of backticks, with the text since the last one taken. */
  step(mark: string, before: string): void;
  /** Takes text that holds neither. */
  pass(text: string): void;
}

/** Follows code spans and fences. A span ends at its line's end at the latest, so that a stray backtick hides no more than a line. */
export function followCode(): CodeSpans {
  let open = 0; // length of the run of backticks that opened the code we are in
  let lineBegun = false;
  const pass = (text: string): void => {
    if (!lineBegun && text.trim() !== "") lineBegun = true;
  };
  return {
    get inside() {
      return open > 0;
    },
    pass,
    step: (mark, before) => {
      pass(before);
      const atStart = !lineBegun;
      if (mark === "\n") {
        if (open < 3) open = 0;
        lineBegun = false;
        return;
      }
      if (open === 0) {
        if (mark.length < 3 || atStart) open = mark.length;
      } else if (mark.length === open || (open >= 3 && mark.length > open && atStart)) open = 0;
      lineBegun = true;
    },
  };
}
