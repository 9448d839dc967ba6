import { randomInt } from "node:crypto";
import type { ToolCall } from "../core/model.ts";
import { settleArguments } from "./arguments.ts";

/** One entry of `delta.tool_calls` as servers really send it. */
export interface WireCallDelta {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
}

/** Puts tool calls together from their pieces. */
export interface CallCollector {
  add(delta: WireCallDelta): void;
  /** A call that came whole, as text. */
  addWhole(name: string, args: string): void;
  /** All calls, in the order in which they began. */
  finish(): ToolCall[];
}

interface Draft {
  id: string;
  name: string;
  readonly pieces: string[];
}

/** A collector for one answer. */
export function collectCalls(): CallCollector {
  const drafts: Draft[] = [];
  const byIndex = new Map<number, Draft>();
  const begin = (id: string, index: number | null): Draft => {
    const draft = { id, name: "", pieces: [] };
    drafts.push(draft);
    if (index !== null) byIndex.set(index, draft);
    return draft;
  };
  const find = ({ index, id }: WireCallDelta): Draft => {
    const known = typeof index === "number" ? byIndex.get(index) : withoutIndex(drafts, id);
    // Old Ollama numbers all calls 0: another id is another call.
    if (known && (!id || known.id === "" || known.id === id)) return known;
    return begin(id ?? "", typeof index === "number" ? index : null);
  };
  return {
    add: (delta) => {
      const draft = find(delta);
      if (delta.id) draft.id = delta.id;
      const name = delta.function?.name ?? "";
      if (name.length > draft.name.length) draft.name = name; // llama-server sends a growing name again, not its rest
      const args = delta.function?.arguments ?? "";
      draft.pieces.push(typeof args === "string" ? args : JSON.stringify(args));
    },
    addWhole: (name, args) => {
      const draft = begin("", null);
      draft.name = name;
      draft.pieces.push(args);
    },
    finish: () => settle(drafts),
  };
}

function withoutIndex(drafts: readonly Draft[], id: string | null | undefined): Draft | undefined {
  return id ? drafts.find((draft) => draft.id === id) : drafts.at(-1);
}

function settle(drafts: readonly Draft[]): ToolCall[] {
  const taken = new Set<string>();
  return drafts
    .filter((draft) => draft.name !== "")
    .map(({ id, name, pieces }) => {
      const unique = id === "" || taken.has(id) ? newCallId() : id;
      taken.add(unique);
      return { id: unique, name, arguments: settleArguments(pieces.join("")) };
    });
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Nine letters or digits: Mistral's template refuses any other id. */
export function newCallId(): string {
  return Array.from({ length: 9 }, () => idLetters[randomInt(idLetters.length)]).join("");
}
