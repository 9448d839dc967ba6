import { randomInt } from "node:crypto";
import type { ToolCall } from "../core/model.ts";
import { balanced, isObjectText, settleArguments } from "./arguments.ts";

/** One entry of `delta.tool_calls` as servers really send it. */
export interface WireCallDelta {
  readonly index?: number | string | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
}

/** Puts tool calls together from their pieces. */
export interface CallCollector {
  add(delta: WireCallDelta | null | undefined): void;
  /** A call that came whole, as text. */
  addWhole(name: string, args: string): void;
  /** All calls, in the order in which they began. */
  finish(): ToolCall[];
}

interface Draft {
  id: string;
  name: string;
  readonly pieces: string[];
  readonly fromText: boolean;
}

/** A collector for one answer. */
export function collectCalls(): CallCollector {
  const drafts: Draft[] = [];
  const byIndex = new Map<number, Draft>();
  const begin = (id: string, index: number | null, fromText = false): Draft => {
    const draft = { id, name: "", pieces: [], fromText };
    drafts.push(draft);
    if (index !== null) byIndex.set(index, draft);
    return draft;
  };
  const find = (delta: WireCallDelta): Draft => {
    const index = indexOf(delta);
    const known = index === null ? withoutIndex(drafts, delta.id) : byIndex.get(index);
    return known && !beginsAnother(known, delta) ? known : begin(delta.id ?? "", index);
  };
  return {
    add: (delta) => {
      if (!delta) return;
      const draft = find(delta);
      if (draft.id === "" && delta.id) draft.id = delta.id;
      const name = delta.function?.name ?? "";
      if (name.length > draft.name.length) draft.name = name; // llama-server sends a growing name again, not its rest
      const args = delta.function?.arguments ?? "";
      if (typeof args !== "string") draft.pieces.length = 0; // an object is whole
      draft.pieces.push(typeof args === "string" ? args : JSON.stringify(args));
    },
    addWhole: (name, args) => {
      const draft = begin("", null, true);
      draft.name = name;
      draft.pieces.push(args);
    },
    finish: () => settle(drafts),
  };
}

function indexOf({ index }: WireCallDelta): number | null {
  return index === null || index === undefined || index === "" || !Number.isInteger(Number(index)) ? null : Number(index);
}

function withoutIndex(drafts: readonly Draft[], id: string | null | undefined): Draft | undefined {
  return (id ? drafts.find((draft) => draft.id === id) : undefined) ?? drafts.at(-1);
}

/**
 * Whether a piece with a name begins another call in a place that is taken: old Ollama numbers all calls 0, others send whole calls with
 * neither number nor id. A name that comes again before its arguments is the same call, and an id alone may change from piece to piece.
 */
function beginsAnother(known: Draft, { id, function: part }: WireCallDelta): boolean {
  if (!part?.name) return false;
  if (id && known.id !== "" && known.id !== id) return true;
  const mayBeWhole = known.pieces.at(-1)?.trimEnd().endsWith("}") === true;
  return !id && mayBeWhole && isObjectText(known.pieces.join("")) && part.arguments !== "";
}

function settle(drafts: readonly Draft[]): ToolCall[] {
  const taken = new Set<string>();
  const calls = drafts
    .filter((draft) => draft.name !== "")
    .flatMap((draft) => separate(joined(draft.pieces)).map((text) => ({ ...draft, arguments: settleArguments(text) })));
  return calls
    .filter((call, at) => !calls.some((other, place) => isSame(call, other) && isAgain(call, other, place < at)))
    .map(({ id, name, arguments: args }) => {
      const unique = id === "" || taken.has(id) ? newCallId() : id;
      taken.add(unique);
      return { id: unique, name, arguments: args };
    });
}

/** A call in the text that was given as a call too, or twice, is run once; so is one that came twice under one id. */
function isAgain(call: Draft, other: Draft, earlier: boolean): boolean {
  if (call.fromText) return earlier || !other.fromText;
  return earlier && call.id !== "" && call.id === other.id;
}

function isSame(one: { name: string; arguments: string }, other: { name: string; arguments: string }): boolean {
  return one !== other && one.name === other.name && one.arguments.replace(/\s/g, "") === other.arguments.replace(/\s/g, "");
}

/** The pieces in a row, but for servers that begin with `{}`, end with the whole once more, or send all so far each time. */
function joined(pieces: readonly string[]): string {
  const text = pieces.join("");
  const last = pieces.at(-1) ?? "";
  if (isObjectText(text)) return text;
  if (pieces.length > 1 && isObjectText(last) && pieces.every((piece) => last.startsWith(piece))) return last;
  const first = balanced(text, 0) ?? "";
  const rest = text.slice(first.length);
  return isObjectText(first) && isObjectText(rest) && (first === "{}" || first === rest) ? rest : text;
}

/** Several whole objects in a row are as many calls that the server ran together; anything else is one call's. */
function separate(text: string): string[] {
  const objects: string[] = [];
  for (let rest = text.trim(); rest !== "";) {
    const first = rest.startsWith("{") ? balanced(rest, 0) : null;
    if (first === null || !isObjectText(first)) return [text];
    objects.push(first);
    rest = rest.slice(first.length).trim();
  }
  return objects.length > 1 ? [...new Set(objects)] : [text];
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Nine letters or digits: Mistral's template refuses any other id. */
export function newCallId(): string {
  return Array.from({ length: 9 }, () => idLetters[randomInt(idLetters.length)]).join("");
}
