import type { ToolSpec } from "../core/model.ts";
import { type ArgumentFollower, followArguments } from "./argument-follower.ts";
import { beginningOf } from "./beginnings.ts";
import { followCode } from "./code-spans.ts";
import {
  afterHeader,
  bareThought,
  finderOf,
  loneCloses,
  purposeOf,
  tags,
  withoutEndTokens,
  type Finder,
  type Tag,
} from "./marks.ts";
import { senseOf } from "./mark-sense.ts";
import { matchName } from "./names.ts";
import { watchWhole, type WholeCalls } from "./whole-calls.ts";
import { cutOff, settleCalls, unreadable, type Offered, type TextCall } from "./written-calls.ts";

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

const outsideFinder = finderOf([...tags.keys(), ...loneCloses], "`{1,100}|~{1,100}|\\n");
/** Nothing but these characters begins a mark or changes where code is. */
const telling = /[<[\]◁`~\n]/;
const finders = new Map<string, Finder>();

interface Inside {
  readonly tag: Tag;
  readonly finder: Finder;
  /** What stands between the marks, of a call or a header. */
  readonly body: string[];
  readonly follower: ArgumentFollower;
  /** The first closing mark that seemed to stand within an argument. */
  skipped: { readonly length: number; readonly mark: string } | null;
  length: number;
}

interface State {
  readonly offered: Offered;
  readonly code: ReturnType<typeof followCode>;
  readonly pieces: Piece[];
  /** The end of the input that may be the beginning of a mark. */
  held: string;
  inside: Inside | null;
  /** The answer so far, while it may be nothing but calls. */
  whole: WholeCalls | null;
  /** Something was shown or called: an answer that may be nothing but calls begins before that. */
  begun: boolean;
  /** A call was begun. */
  called: boolean;
  /** A mark was only spoken of on this line: so are its closing ones. */
  spoken: boolean;
  /** The model went on with what others say: nothing more counts. */
  over: boolean;
  /** No more will come: what is not sure is decided. */
  last: boolean;
  /** How often the rest was read again from a closing mark that was taken for an argument's. */
  rereads: number;
}

/** What holds more unclosed calls is not worth reading. */
const mostRereads = 20;

/** A splitter that accepts calls of the offered tools only. One that is `continuing` an answer expects no bare calls. */
export function splitText(tools: readonly ToolSpec[], continuing = false): Splitter {
  const offered = new Map(tools.map((tool) => [tool.name, tool]));
  const begun = continuing || offered.size === 0;
  const flags = { begun, called: false, spoken: false, over: false, last: false, rereads: 0 };
  const state: State = { offered, code: followCode(), pieces: [], held: "", inside: null, whole: null, ...flags };
  return {
    push: (delta) => {
      if (isPlain(state, delta)) return passed(state, delta);
      consume(state, delta);
      return state.pieces.splice(0);
    },
    finish: (complete) => {
      finish(state, complete);
      return state.pieces.splice(0);
    },
  };
}

/** The short way of nearly all tokens: they can't mean anything. */
function isPlain(state: State, delta: string): boolean {
  const free = state.begun && state.inside === null && state.whole === null && state.held === "" && !state.over;
  return free && !telling.test(delta);
}

function passed(state: State, delta: string): Piece[] {
  if (delta === "") return [];
  state.code.pass(delta);
  return [{ type: "text", text: delta }];
}

function consume(state: State, delta: string): void {
  let rest: string | null = state.held + delta;
  state.held = "";
  while (rest !== null && rest !== "" && !state.over) rest = step(state, rest);
}

/** Takes a part of the input; returns what is left to take, or null when all is taken or held. */
function step(state: State, input: string): string | null {
  if (state.whole !== null) return whole(state, state.whole, input);
  if (state.inside !== null) return inside(state, state.inside, input);
  return state.begun ? outside(state, input) : beginning(state, input);
}

/** White space alone begins nothing: it is shown, and what follows is looked at. */
function beginning(state: State, input: string): string | null {
  const blank = input.length - input.trimStart().length;
  if (blank > 0) wordText(state, input.slice(0, blank));
  return blank > 0 ? input.slice(blank) : begin(state, input);
}

function begin(state: State, input: string): string | null {
  const names = [...state.offered.keys()];
  const found = beginningOf(input, names);
  switch (found.type) {
    case "unknown":
      return state.last ? outside(state, input) : hold(state, input, 0, 0);
    case "text":
      return outside(state, input);
    case "whole":
      state.whole = watchWhole(names);
      return input;
    case "thought":
      enter(state, bareThought);
      return found.rest;
    case "mended":
      return outside(state, found.input);
  }
}

function whole(state: State, watch: WholeCalls, input: string): string | null {
  if (watch.push(input)) return null;
  state.whole = null;
  state.begun = true;
  return watch.text;
}

/** Takes text up to the next tag. */
function outside(state: State, input: string): string | null {
  let from = 0;
  for (let found = outsideFinder.find(input, 0); found !== null; found = outsideFinder.find(input, from)) {
    const { mark, index } = found;
    const end = index + mark.length;
    const kind = senseOf(state, outsideFinder, { mark, index }, input, from);
    if (kind === "unsure") return hold(state, input, from, index);
    if (kind === "mark") {
      plainText(state, input.slice(from, index));
      open(state, mark);
      return input.slice(end);
    }
    if (kind === "code") {
      state.code.step(mark, input.slice(from, index));
      if (mark === "\n") state.spoken = false;
      text(state, input.slice(from, end));
    } else {
      plainText(state, input.slice(from, end));
      state.spoken ||= kind === "mention";
    }
    from = end;
  }
  return hold(state, input, from, Math.max(from, outsideFinder.tail(input)));
}

function open(state: State, mark: string): void {
  const tag = tags.get(mark);
  if (tag === undefined || purposeOf(mark) === "rethink") {
    state.pieces.push({ type: "rethink" });
    state.begun = state.offered.size === 0;
  } else if (tag.holds === "others" || tag.holds === "results") state.over = true;
  else if (tag.holds !== "nothing") enter(state, tag);
}

function enter(state: State, tag: Tag): void {
  const key = tag.closes.join(" ");
  const finder = finders.get(key) ?? finderOf(tag.closes);
  finders.set(key, finder);
  state.inside = { tag, finder, body: [], follower: followArguments(tag.open), skipped: null, length: 0 };
}

/** Shows what is surely text, and keeps the end of the input that may be the beginning of a mark. */
function hold(state: State, input: string, from: number, tail: number): null {
  plainText(state, input.slice(from, tail));
  state.held = input.slice(tail);
  return null;
}

function plainText(state: State, shown: string): void {
  state.code.pass(shown);
  text(state, shown);
}

/** Text that may hold line breaks and code. */
function wordText(state: State, shown: string): void {
  for (const part of shown.split(/(\n|`+|~+)/)) {
    if (/^[\n`~]/.test(part)) state.code.step(part, "");
    else state.code.pass(part);
  }
  text(state, shown);
}

function text(state: State, shown: string): void {
  if (shown === "") return;
  if (!state.begun && shown.trim() !== "") state.begun = true;
  const before = state.pieces.at(-1);
  if (before?.type === "text") state.pieces[state.pieces.length - 1] = { type: "text", text: before.text + shown };
  else state.pieces.push({ type: "text", text: shown });
}

/** Takes what is inside a tag up to its close. */
function inside(state: State, within: Inside, input: string): string | null {
  const { tag, finder } = within;
  const found = finder.find(input, 0);
  if (found === null) {
    const tail = finder.tail(input);
    add(state, within, input.slice(0, tail));
    state.held = input.slice(tail);
    return null;
  }
  const { mark, index } = found;
  const end = index + mark.length;
  if (!state.last && finder.mayGrow(input, index)) {
    add(state, within, input.slice(0, index));
    state.held = input.slice(index);
    return null;
  }
  add(state, within, input.slice(0, index));
  const again = tag.begins.has(mark);
  if (tag.holds === "call") {
    if (again && mark === tag.open && within.body.every((part) => part.trim() === "")) {
      within.body.length = 0;
      return input.slice(end); // written twice
    }
    if (within.follower.within(within.body)) {
      within.skipped ??= { length: within.length, mark };
      add(state, within, mark);
      return input.slice(end);
    }
  }
  leave(state, within, again ? "" : mark);
  return input.slice(again ? index : end);
}

function add(state: State, within: Inside, part: string): void {
  if (part === "") return;
  if (within.tag.holds === "reasoning") {
    state.pieces.push({ type: "reasoning", text: part });
    return;
  }
  within.body.push(part);
  within.length += part.length;
}

/** Ends what was inside, at its close or at the answer's end. */
function leave(state: State, within: Inside, close: string): void {
  state.inside = null;
  const body = within.body.join("");
  if (within.tag.holds === "call") endCall(state, within.tag, body, close);
  if (within.tag.holds !== "header") return;
  const next = afterHeader(body);
  if (next !== null) enter(state, next);
}

function endCall(state: State, tag: Tag, marked: string, close: string): void {
  state.begun = true;
  const body = withoutEndTokens(marked);
  const written = tag.read(body, tag.open);
  if (tag.word && !written.some(({ name }) => matchName(name, state.offered.keys()) !== null)) {
    wordText(state, tag.open + marked + close);
    return;
  }
  state.called = true;
  if (written.length === 0) {
    if (body.trim() !== "") state.pieces.push({ type: "malformed", fault: unreadable(tag.open + body) });
    return;
  }
  for (const call of settleCalls(written, state.offered))
    state.pieces.push(typeof call === "string" ? { type: "malformed", fault: call } : { type: "call", call });
}

function finish(state: State, complete: boolean): void {
  state.last = true;
  if (state.over) return;
  if (state.whole !== null) finishWhole(state, state.whole, complete);
  for (let within = state.inside; within !== null; within = state.inside) {
    add(state, within, state.held);
    state.held = "";
    if (within.tag.holds === "call" && !complete) {
      state.inside = null;
      state.pieces.push({ type: "malformed", fault: cutOff });
    } else finishInside(state, within);
  }
  if (state.held !== "") settleHeld(state, complete);
}

/** What was held because it was not sure is decided now; a call that it begins has no end. */
function settleHeld(state: State, complete: boolean): void {
  consume(state, "");
  if (state.inside !== null || state.whole !== null) return finish(state, complete);
  plainText(state, state.held);
  state.held = "";
}

/** An unclosed call ends here, or where its first closing mark stood that seemed to be part of an argument. */
function finishInside(state: State, within: Inside): void {
  const { skipped, tag } = within;
  const body = within.body.join("");
  if (tag.holds !== "call" || skipped === null || !within.follower.within(within.body)) return leave(state, within, "");
  state.inside = null;
  state.rereads += 1;
  endCall(state, tag, body.slice(0, skipped.length), skipped.mark);
  if (state.rereads > mostRereads) return;
  const rest = body.slice(skipped.length);
  consume(state, tag.begins.has(skipped.mark) ? rest : rest.slice(skipped.mark.length));
}

function finishWhole(state: State, watch: WholeCalls, complete: boolean): void {
  state.whole = null;
  const { calls, broken } = watch.end();
  if (complete && calls.length > 0) {
    for (const call of settleCalls(calls, state.offered))
      state.pieces.push(typeof call === "string" ? { type: "malformed", fault: call } : { type: "call", call });
  } else if (broken || calls.length > 0) {
    state.pieces.push({ type: "malformed", fault: complete ? unreadable(watch.text) : cutOff });
  } else {
    state.begun = true;
    consume(state, watch.text);
  }
}
