import type { ProgressMode } from "../../../src/core/chat-settings.ts";
import type { TerminalEvent, TerminalPost } from "../../../src/core/terminal.ts";
import { boxBottom, boxTop } from "./frames.ts";
import { markdownRows } from "./markdown.ts";
import { piece, type Row, wrapped } from "./rows.ts";
import { afterFence, cutStable } from "./stable.ts";
import { createToolLines } from "./tool-lines.ts";
import { duration } from "../../../src/core/figures.ts";

/** What turns say, as it comes: boxes of text and lines of tools that stay, and what still changes. */
export interface TurnView {
  take(event: TerminalEvent): void;
  post(post: TerminalPost): void;
  /** How much of their tools turns show from now on; without it, every call. */
  show(mode: ProgressMode): void;
  /** Something else comes for good: what is being said goes on below it, in a box of its own. */
  interrupt(): void;
  /** Whether a turn runs, and since when; null: none does. */
  running(): { readonly since: number } | null;
  lastMs(): number | null;
  /** What changes at present, at most so many rows. */
  rows(most: number): readonly Row[];
}

export interface TurnViewParts {
  commit(rows: readonly Row[]): void;
  width(): number;
  now(): number;
}

interface State {
  turn: string | null;
  replyTo: string | null;
  fence: number;
  since: number;
  active: boolean;
  /** A box that text is written into: all of its text, what of it is not committed, and whether its upper edge is. */
  box: { said: string; rest: string; within: boolean; begun: boolean } | null;
  waits: string;
  lastMs: number | null;
  mode: ProgressMode;
  held: TerminalPost[];
}

export function createTurnView(parts: TurnViewParts): TurnView {
  const tools = createToolLines(parts);
  const state: State = {
    turn: null,
    replyTo: null,
    fence: 0,
    since: 0,
    active: false,
    box: null,
    waits: "",
    lastMs: null,
    mode: "all",
    held: [],
  };
  const closing = () => {
    close(parts, state);
    for (const post of state.held.splice(0)) show(parts, post);
  };
  return {
    running: () => (state.active ? { since: state.since } : null),
    lastMs: () => state.lastMs,
    show(mode) {
      if (mode !== state.mode) tools.show(mode);
      state.mode = mode;
    },
    take(event) {
      if (event.event.type === "titled") return;
      if (event.event.type === "agent") return tools.take(event.event);
      if (event.turn !== state.turn) {
        closing();
        tools.end();
        tools.show(state.mode);
        Object.assign(state, { turn: event.turn, replyTo: event.replyTo, fence: event.fence, since: parts.now(), active: true });
      } else if (event.fence > state.fence) {
        // Another worker has taken it over: the step begins again.
        if (state.box !== null) state.box.rest += state.box.said === "" ? "" : "\n\n*(broken off; it begins again)*";
        closing();
        state.fence = event.fence;
      }
      happened(parts, state, tools, event, closing);
    },
    post(post) {
      const { box } = state;
      // Should the word of its end have been lost.
      if (post.answers !== null && post.answers === state.replyTo && !comesBetween(post)) state.active = false;
      if (box !== null && box.said.trim() !== "") {
        if (post.answers !== state.replyTo || comesBetween(post) || post.file !== null) {
          if (state.active && !comesBetween(post)) return void state.held.push(post);
          closing();
          return show(parts, post);
        }
        const said = visible(box.said).trim();
        const whole = post.markdown.trim();
        if (whole.startsWith(said)) {
          box.rest += whole.slice(said.length);
          close(parts, state, post.footer);
          return closing();
        }
        closing();
      }
      show(parts, post);
    },
    interrupt() {
      if (state.box?.begun !== true) return;
      parts.commit([boxBottom(parts.width())]);
      state.box.begun = false;
    },
    rows(most) {
      flow(parts, state);
      const width = parts.width();
      const { box } = state;
      const rest = box === null ? [] : boxRows(box, box.rest, width);
      const written = box?.within === true ? withoutHead(rest) : rest;
      const shown = box?.begun === false && written.length > 0 ? [boxTop(width), ...written] : written;
      const waits = state.active ? [waitRow(state, tools.isBusy(), parts.now(), width)] : [];
      return [...shown, ...tools.rows(), ...waits].slice(-Math.max(1, most));
    },
  };
}

function happened(
  parts: TurnViewParts,
  state: State,
  tools: ReturnType<typeof createToolLines>,
  { event }: TerminalEvent,
  closing: () => void,
): void {
  switch (event.type) {
    case "started":
      state.active = true;
      break;
    case "step":
      closing();
      state.active = true;
      state.waits = "";
      break;
    case "text":
      state.waits = "";
      state.active = true;
      if (state.box === null && event.delta.trim() === "") break;
      if (state.box === null) {
        tools.end();
        state.box = { said: "", rest: "", within: false, begun: false };
      }
      state.box.said += event.delta;
      state.box.rest += event.delta;
      break;
    case "reading":
      state.waits = `Reading ${event.done.toLocaleString("en")} of ${event.total.toLocaleString("en")} tokens`;
      break;
    case "queued":
      state.waits = event.waitMs === 0 ? "" : `Waiting for the model: ${place(event.ahead, event.waitMs)}`;
      break;
    case "notice":
      state.waits = event.text;
      break;
    case "tool.started":
    case "tool.output":
    case "tool.finished":
      closing();
      state.active = true;
      state.waits = "";
      tools.take(event);
      break;
    case "asks":
      state.waits = "It waits for your answer";
      break;
    case "finished":
      state.lastMs = parts.now() - state.since;
      if (event.end !== "parked" && event.end !== "handed_over") {
        state.active = false;
        tools.end();
      } else closing();
      break;
    case "reasoning":
    case "agent":
    case "titled":
    case "unwritten":
      break;
  }
}

/** Whether a turn goes on after this post: it asks, or offers something. */
function comesBetween({ asks, buttons }: TerminalPost): boolean {
  return asks || buttons.length > 0;
}

/** Commits what will look the same whatever follows. */
function flow(parts: TurnViewParts, state: State): void {
  const { box } = state;
  if (box === null) return;
  const { done, rest, within } = cutStable(box.rest);
  if (done === "") return;
  put(parts, box, done);
  Object.assign(box, { rest, within });
}

function put(parts: TurnViewParts, box: NonNullable<State["box"]>, text: string): void {
  const rows = boxRows(box, text, parts.width());
  if (rows.length === 0) return;
  parts.commit(box.begun ? rows : [boxTop(parts.width()), ...rows]);
  box.begun = true;
}

/** What comes next in a box, with the empty line before it where a block begins. */
function boxRows(box: NonNullable<State["box"]>, next: string, width: number): readonly Row[] {
  const { text, within } = afterFence(visible(next), box.within);
  if (text.trim() === "") return [];
  const rows = markdownRows(text, width);
  if (within) return rows;
  return box.begun && rows.length > 0 ? [[], ...rows] : rows;
}

/** A block of code that goes on has no line of its own while nothing more of it is there. */
function withoutHead(rows: readonly Row[]): readonly Row[] {
  const [first] = rows;
  const empty = first === undefined || first.every(({ text }) => text.trim() === "");
  return empty && rows.length === 1 ? [] : rows;
}

function close(parts: TurnViewParts, state: State, footer: string | null = null): void {
  const { box } = state;
  if (box === null) return;
  put(parts, box, box.rest);
  state.box = null;
  if (box.begun) end(parts, footer);
  else if (footer !== null) parts.commit(wrapped([piece(footer, "dim")], parts.width()));
}

function end(parts: TurnViewParts, footer: string | null): void {
  const width = parts.width();
  if (footer !== null) parts.commit(wrapped([piece(footer, "dim")], width));
  parts.commit([boxBottom(width)]);
}

/** A message as a whole. */
function show(parts: TurnViewParts, { markdown, footer, repeated, file }: TerminalPost): void {
  const width = parts.width();
  if (repeated) parts.commit([[piece("(This may have been shown before.)", "dim")]]);
  if (file !== null) return parts.commit(wrapped([piece("📎 Saved: ", "accent"), piece(file)], width, [piece("  ")]));
  parts.commit([boxTop(width), ...markdownRows(markdown, width)]);
  end(parts, footer);
}

/** Files come after the answer, as messages of their own; what may become the name of one is held back. */
function visible(text: string): string {
  return text.replaceAll(/^MEDIA:.*\n?/gm, "").replace(/^(?:M|ME|MED|MEDI|MEDIA)$(?![^])/m, "");
}

function waitRow({ waits, since }: State, busy: boolean, now: number, width: number): Row {
  const words = waits === "" ? (busy ? "Working" : "Thinking") : waits;
  const row = [piece(`⏳ ${words} … `, "dim"), piece(`${duration(now - since)}, Ctrl-C stops`, "dim")];
  return wrapped(row, width)[0] ?? [];
}

function place(ahead: number, waitMs: number | null): string {
  const before = ahead === 0 ? "you are next" : `${ahead} before you`;
  return waitMs === null ? before : `${before}, about ${Math.max(1, Math.round(waitMs / 1_000))} s`;
}
