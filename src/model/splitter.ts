import { textFamilies, type TextCall } from "./families.ts";

/** A piece of an answer's text, sorted. */
export type Piece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "call"; readonly call: TextCall }
  /** Markup of a call that was none of an offered tool; `fault` says to the model what was wrong. */
  | { readonly type: "malformed"; readonly fault: string }
  /** What came as text so far was thinking after all: a closing tag came whose opening stood in the prompt. */
  | { readonly type: "rethink" };

/** Sorts streamed text into what people see, thinking, and tool calls written as text, over any split of it. */
export interface Splitter {
  push(delta: string): Piece[];
  /** The rest. `complete` is false when the answer was cut off: then an unclosed call is dropped. */
  finish(complete: boolean): Piece[];
}

interface Tag {
  readonly open: string;
  readonly close: string;
  readonly holds: "reasoning" | "call";
}

const tags: readonly Tag[] = [
  { open: "<think>", close: "</think>", holds: "reasoning" },
  { open: "◁think▷", close: "◁/think▷", holds: "reasoning" },
  ...[...new Map(textFamilies.map(({ open, close }) => [open, close]))].map(([open, close]) => ({
    open,
    close,
    holds: "call" as const,
  })),
];
const loneCloses = tags.filter((tag) => tag.holds === "reasoning").map((tag) => tag.close);
const marks: readonly string[] = [...tags.map((tag) => tag.open), ...loneCloses];
const longestMark = Math.max(...marks.map((mark) => mark.length));
const firstCharacters = new Set(marks.map((mark) => mark.charAt(0)));
const markOrCode = new RegExp([...marks.map((mark) => mark.replace(/[[\]/]/g, String.raw`\$&`)), "`+", "\n"].join("|"), "g");

interface State {
  /** The end of the input that may be the beginning of a mark. */
  held: string;
  inside: Tag | null;
  /** Pieces of an unfinished call. */
  body: string[];
  /** Length of the run of backticks that opened the code we are in; 0 outside. Marks in code are text. */
  code: number;
  lineBegun: boolean;
}

/** A splitter that accepts calls of the offered tools only. */
export function splitText(offered: ReadonlySet<string>): Splitter {
  const state: State = { held: "", inside: null, body: [], code: 0, lineBegun: false };
  return {
    push: (delta) => {
      const pieces: Piece[] = [];
      let rest: string | null = state.held + delta;
      state.held = "";
      while (rest !== null && rest !== "")
        rest = state.inside === null ? outside(state, rest, pieces) : inside(state, state.inside, rest, pieces, offered);
      return pieces;
    },
    finish: (complete) => {
      const pieces: Piece[] = [];
      const { inside: tag, held } = state;
      if (tag?.holds === "call") {
        if (complete) endCall(state, tag, held, pieces, offered);
      } else if (held !== "") pieces.push({ type: tag === null ? "text" : "reasoning", text: held });
      state.held = "";
      return pieces;
    },
  };
}

/** Takes text up to the next tag; returns what follows it, or null when all is taken. */
function outside(state: State, input: string, pieces: Piece[]): string | null {
  markOrCode.lastIndex = 0;
  for (let found = markOrCode.exec(input); found !== null; found = markOrCode.exec(input)) {
    const [mark] = found;
    if (mark === "\n" || mark.startsWith("`")) {
      const ends = found.index + mark.length === input.length;
      if (mark !== "\n" && ends) return holdBack(state, input, found.index, pieces); // the run may go on
      stepThroughCode(state, mark, input.slice(0, found.index));
    } else if (state.code === 0) {
      emit(pieces, "text", input.slice(0, found.index), state);
      if (loneCloses.includes(mark)) pieces.push({ type: "rethink" });
      else state.inside = tags.find((tag) => tag.open === mark) ?? null;
      return input.slice(found.index + mark.length);
    }
  }
  return holdBack(state, input, tailStart(input, marks, longestMark, firstCharacters), pieces);
}

function holdBack(state: State, input: string, from: number, pieces: Piece[]): null {
  emit(pieces, "text", input.slice(0, from), state);
  state.held = input.slice(from);
  return null;
}

/** Follows code spans and fences. A span ends at its line's end at the latest, so that a stray backtick hides no more than a line. */
function stepThroughCode(state: State, mark: string, before: string): void {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const atStart = line.trim() === "" && (before.includes("\n") || !state.lineBegun);
  if (mark === "\n") {
    if (state.code < 3) state.code = 0;
    state.lineBegun = false;
  } else if (state.code === 0) {
    if (mark.length < 3 || atStart) state.code = mark.length;
  } else if (mark.length === state.code || (state.code >= 3 && mark.length > state.code && atStart)) state.code = 0;
}

/** Takes what is inside a tag up to its close. */
function inside(state: State, tag: Tag, input: string, pieces: Piece[], offered: ReadonlySet<string>): string | null {
  const at = input.indexOf(tag.close);
  if (at < 0) {
    const from = tailStart(input, [tag.close], tag.close.length, null);
    state.held = input.slice(from);
    if (tag.holds === "reasoning") emit(pieces, "reasoning", input.slice(0, from), state);
    else state.body.push(input.slice(0, from));
    return null;
  }
  if (tag.holds === "reasoning") emit(pieces, "reasoning", input.slice(0, at), state);
  else endCall(state, tag, input.slice(0, at), pieces, offered);
  state.inside = null;
  return input.slice(at + tag.close.length);
}

/** A body that is no call of an offered tool is dropped: markup is never shown. */
function endCall(state: State, tag: Tag, last: string, pieces: Piece[], offered: ReadonlySet<string>): void {
  const body = state.body.join("") + last;
  state.body = [];
  state.inside = null;
  for (const family of textFamilies) {
    const call = family.open === tag.open ? family.read(body) : null;
    if (call !== null && offered.has(call.name)) return void pieces.push({ type: "call", call });
  }
}

function emit(pieces: Piece[], type: "text" | "reasoning", text: string, state: State): void {
  if (text === "") return;
  if (type === "text")
    state.lineBegun = text.slice(text.lastIndexOf("\n") + 1).trim() !== "" || (state.lineBegun && !text.includes("\n"));
  pieces.push({ type, text });
}

/** Where the tail begins that could still become one of the marks. */
function tailStart(input: string, wanted: readonly string[], longest: number, firsts: ReadonlySet<string> | null): number {
  for (let at = Math.max(0, input.length - longest + 1); at < input.length; at++) {
    if (firsts !== null && !firsts.has(input.charAt(at))) continue;
    const tail = input.slice(at);
    if (wanted.some((mark) => mark.startsWith(tail))) return at;
  }
  return input.length;
}
