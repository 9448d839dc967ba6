/** What of a text that is still being written will look the same whatever follows, and the rest. */
export interface Cut {
  readonly done: string;
  readonly rest: string;
  /** The rest goes on with the very block that `done` ends in. */
  readonly within: boolean;
}

/** What goes on with a block of code, when nothing more of that came but its end: what stands after it begins anew. */
export function afterFence(text: string, within: boolean): { readonly text: string; readonly within: boolean } {
  const end = within ? /^ {0,3}(`{3,}|~{3,})[^\n]*\n {0,3}\1[`~]*[ \t]*(?:\n|$)/.exec(text) : null;
  return end === null ? { text, within } : { text: text.slice(end[0].length), within: false };
}

/**
 * Cuts Markdown that grows: before a block that begins anew after an empty line, or after a whole line of code. The rest of a cut block
 * of code begins with its fence again.
 */
export function cutStable(text: string): Cut {
  let fence: { readonly line: string; readonly mark: string } | null = null;
  let cut: Cut = { done: "", rest: text, within: false };
  let at = 0;
  let blank = false;
  for (const line of text.split("\n").slice(0, -1)) {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    const end = at + line.length + 1;
    if (fence !== null) {
      const closes = mark?.[1]?.startsWith(fence.mark) === true && mark[2]?.trim() === "";
      if (closes) {
        cut = { done: text.slice(0, end), rest: text.slice(end), within: false };
        fence = null;
      } else {
        cut = { done: `${text.slice(0, end)}${fence.mark}`, rest: `${fence.line}\n${text.slice(end)}`, within: true };
      }
    } else {
      // What is set in, or is a list's item, may belong to what stands above.
      if (blank && line.trim() !== "" && !/^(?:\s|[-*+]\s|>|\||\d{1,9}[.)]\s)/.test(line))
        cut = { done: text.slice(0, at), rest: text.slice(at), within: false };
      if (mark?.[1] !== undefined && !/`/.test(mark[2] ?? "")) fence = { line, mark: mark[1] };
    }
    blank = line.trim() === "";
    at = end;
  }
  return cut.done.trim() === "" ? { done: "", rest: text, within: false } : cut;
}
