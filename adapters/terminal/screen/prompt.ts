import { randomUUID } from "node:crypto";
import { cells, fit } from "../../../src/core/cells.ts";
import type { TerminalCommand } from "../../../src/core/terminal.ts";
import { argumentIn, choiceRows, type Completion, completeArgument, completeName } from "./completion.ts";
import { type Draft, draftOf, draftText, edited, emptyDraft, inserted, type Key, otherLine } from "./editor.ts";
import type { History } from "./history.ts";
import { inputRows } from "./input.ts";
import { piece, type Row, shownText } from "./rows.ts";

/** The line at the bottom, where one writes. */
export interface Prompt {
  key(typed: string | undefined, key: Key): void;
  paste(text: string): void;
  /** What the service suggests for an argument. */
  suggested(id: string, list: readonly string[]): void;
  rows(
    width: number,
    most: number,
  ): { readonly rows: readonly Row[]; readonly cursor: { readonly row: number; readonly column: number } };
}

export interface PromptParts {
  readonly history: History;
  commands(): readonly TerminalCommand[];
  suggest(id: string, command: string, typed: string): void;
  /** What the path can be that follows a command; null: no path does. */
  paths(command: string, typed: string): readonly string[] | null;
  /** Whether there is something to be sent without words. */
  holds(): boolean;
  /** Takes what was pasted as files; false: it is text. */
  drop(text: string): boolean;
  send(text: string): void;
  interrupt(): void;
  leave(): void;
  clear(): void;
  changed(): void;
}

interface State {
  draft: Draft;
  /** How far back in the history, and what was being written before; 0: not there. */
  back: number;
  before: Draft;
  choices: Completion["choices"];
  /** The suggestions that are waited for. */
  asked: string | null;
  /** Looks for an earlier line. */
  search: { readonly words: string; readonly steps: number; readonly found: string } | null;
}

const mostChoices = 8;

export function createPrompt(parts: PromptParts): Prompt {
  const state: State = { draft: emptyDraft, back: 0, before: emptyDraft, choices: [], asked: null, search: null };
  return {
    key(typed, key) {
      state.choices = [];
      state.asked = null;
      if (state.search === null || !searched(parts, state, typed, key)) pressed(parts, state, typed, key);
      parts.changed();
    },
    paste(text) {
      state.search = null;
      if (argumentIn(state.draft) === null && parts.drop(text)) return parts.changed();
      state.draft = inserted(state.draft, text.replaceAll(/[^\P{Cc}\n\t]/gu, ""));
      parts.changed();
    },
    suggested(id, list) {
      if (id === state.asked) offer(state, completeArgument(state.draft, list));
      state.asked = null;
      parts.changed();
    },
    rows(width, most) {
      const { search, choices, draft } = state;
      if (search !== null) {
        const head = fit(`(history) ${search.words}`, width - 1);
        const found = fit(shownText(` › ${search.found}`), width - cells(head));
        return { rows: [[piece(head, "accent"), piece(found, "dim")]], cursor: { row: 0, column: cells(head) } };
      }
      const written = inputRows(draft, "❯ ", width, most);
      return { ...written, rows: [...written.rows, ...choiceRows(choices, width, mostChoices)] };
    },
  };
}

function pressed(parts: PromptParts, state: State, typed: string | undefined, key: Key): void {
  const { draft } = state;
  const empty = draft.text.length === 0;
  if (key.ctrl === true && key.name === "c") {
    if (empty) return parts.interrupt();
    return set(state, emptyDraft);
  }
  if (key.ctrl === true && key.name === "d" && empty) return parts.leave();
  if (key.ctrl === true && key.name === "l") return parts.clear();
  if (key.ctrl === true && key.name === "r") return void (state.search = { words: "", steps: 1, found: "" });
  switch (key.name ?? "") {
    case "return":
      // Alt-Enter begins a line, and so does Ctrl-J.
      return key.meta === true ? change(state, inserted(draft, "\n")) : submit(parts, state);
    case "enter":
      return change(state, inserted(draft, "\n"));
    case "tab":
      return complete(parts, state);
    case "up":
      return up(parts, state);
    case "down":
      return down(parts, state);
    default: {
      const next = edited(draft, typed, key);
      if (next !== null) change(state, next);
    }
  }
}

function submit(parts: PromptParts, state: State): void {
  const text = draftText(state.draft);
  if (text.trim() === "" && !parts.holds()) return;
  // A backslash at the end asks for another line.
  if (text.endsWith("\\")) return change(state, draftOf(`${text.slice(0, -1)}\n`));
  set(state, emptyDraft);
  parts.history.add(text);
  parts.send(text);
}

function complete(parts: PromptParts, state: State): void {
  const asked = argumentIn(state.draft);
  if (asked === null) return offer(state, completeName(state.draft, parts.commands()));
  const paths = parts.paths(asked.command, asked.typed);
  if (paths !== null) return offer(state, completeArgument(state.draft, paths, lastName));
  state.asked = randomUUID();
  parts.suggest(state.asked, asked.command, asked.typed);
}

/** A path's last name, with the slash of a folder. */
function lastName(path: string): string {
  return /[^/]*\/?$/.exec(path)?.[0] ?? path;
}

function offer(state: State, completion: Completion | null): void {
  if (completion === null) return;
  state.draft = completion.draft;
  state.choices = completion.choices;
}

function up(parts: PromptParts, state: State): void {
  const above = otherLine(state.draft, -1);
  if (above !== null && state.back === 0) return void (state.draft = above);
  const text = parts.history.back(state.back + 1);
  if (text === null) return;
  if (state.back === 0) state.before = state.draft;
  state.back += 1;
  state.draft = draftOf(text);
}

function down(parts: PromptParts, state: State): void {
  if (state.back === 0) return void (state.draft = otherLine(state.draft, 1) ?? state.draft);
  state.back -= 1;
  state.draft = state.back === 0 ? state.before : draftOf(parts.history.back(state.back) ?? "");
}

/** A key while one looks for an earlier line; false: it ends the search, and counts for what was found. */
function searched({ history }: PromptParts, state: State, typed: string | undefined, key: Key): boolean {
  const { words = "", steps = 1, found = "" } = state.search ?? {};
  const look = (next: string, from: number) => {
    const hit = history.find(next, from);
    state.search = { words: next, steps: hit?.steps ?? steps, found: hit?.text ?? (next === "" ? "" : found) };
    return true;
  };
  if (key.ctrl === true && key.name === "r") return look(words, steps + 1);
  if (key.name === "backspace") return look(words.slice(0, -1), 1);
  if (key.name === "escape" || (key.ctrl === true && (key.name === "g" || key.name === "c"))) {
    state.search = null;
    return true;
  }
  if (typed !== undefined && key.ctrl !== true && key.meta !== true && /^[^\p{Cc}]+$/u.test(typed)) return look(words + typed, 1);
  state.search = null;
  if (found !== "") set(state, draftOf(found));
  return false;
}

function change(state: State, draft: Draft): void {
  state.draft = draft;
  state.back = 0;
}

function set(state: State, draft: Draft): void {
  change(state, draft);
  state.before = emptyDraft;
}
