import { textFamilies } from "./families/index.ts";
import type { TextFamily, WrittenCall } from "./families/family.ts";

/** What stands between an opening mark and what closes it. */
export interface Tag {
  readonly open: string;
  /** `header`: of a harmony message, which says what follows. `nothing`: a leaked token that says nothing. */
  readonly holds: "reasoning" | "call" | "header" | "nothing";
  readonly closes: readonly string[];
  /** Closing marks that begin something themselves. */
  readonly begins: ReadonlySet<string>;
  readonly read: TextFamily["read"];
}

const none: ReadonlySet<string> = new Set();
const noCalls = (): readonly WrittenCall[] => [];

/** Inline thinking, as servers leave it in the text that don't split it off. */
const thoughts: readonly (readonly [open: string, close: string])[] = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["◁think▷", "◁/think▷"],
  ["<seed:think>", "</seed:think>"],
  ["<mm:think>", "</mm:think>"],
  ["[THINK]", "[/THINK]"],
  ["<scratch_pad>", "</scratch_pad>"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
  ["<|inner_prefix|>", "<|inner_suffix|>"],
  ["<|channel>", "<channel|>"],
  ["<|open|>think<|sep|>", "<|close|>think<|sep|>"],
  ["<|think|>", "<|end|>"],
];

/** Closing marks whose opening stood in the prompt: all before them was thinking. */
export const loneCloses: ReadonlySet<string> = new Set(thoughts.map(([, close]) => close).filter((close) => close !== "<|end|>"));

/** Tokens that say nothing to a person, leaked by servers that don't strip them. */
const leaked = [
  "<|im_start|>assistant\n",
  "<|im_start|>",
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "<end_of_turn>",
  "<turn|>",
  "<|end|>",
  "<|return|>",
  "<|call|>",
  "<|message|>",
  "<｜end▁of▁sentence｜>",
  "<|START_RESPONSE|>",
  "<|END_RESPONSE|>",
  "<|START_TEXT|>",
  "<|END_TEXT|>",
  "<|END_OF_TURN_TOKEN|>",
  "<|open|>response<|sep|>",
  "<|close|>response<|sep|>",
  "<|end_of_msg|>",
  "<|assistant_end|>",
  "<|observation|>",
  "</parameter>",
  "</invoke>",
  "]<]minimax[>[",
  "</function>",
];

/** What begins or ends a message of gpt-oss. */
const messageBegins = ["<|start|>", "<|channel|>"];
const messageEnds = ["<|end|>", "<|return|>", "<|call|>"];

/** The body of a harmony message after its header: thinking, a call, or null for text. */
export function afterHeader(header: string): Tag | null {
  const name = /\bto=\s*([^\s<]+)/.exec(header)?.[1];
  if (name !== undefined && name !== "user" && name !== "assistant")
    return { ...harmonyCall, read: (body) => [{ name, args: body.trim() }] };
  return /analysis/.test(header) ? harmonyThought : null;
}

const harmonyBody = {
  open: "",
  closes: [...messageEnds, ...messageBegins],
  begins: new Set(messageBegins),
  read: noCalls,
} as const;
const harmonyThought: Tag = { ...harmonyBody, holds: "reasoning" };
const harmonyCall: Tag = { ...harmonyBody, holds: "call" };

const plain = (open: string, holds: Tag["holds"], closes: readonly string[]): Tag => ({
  open,
  holds,
  closes,
  begins: none,
  read: noCalls,
});

/** All marks that mean something outside of any other, by their opening. */
export const tags: ReadonlyMap<string, Tag> = new Map(
  [
    ...leaked.map((token) => plain(token, "nothing", [])),
    ...textFamilies.flatMap(({ closes }) =>
      closes.filter((close) => close !== "</s>" && close !== "]").map((close) => plain(close, "nothing", [])),
    ),
    ...thoughts.map(([open, close]) => plain(open, "reasoning", [close])),
    ...messageBegins.map((open) => plain(open, "header", ["<|message|>"])),
    ...textFamilies.flatMap(({ opens, closes, read }) =>
      opens.map((open): Tag => ({ open, holds: "call", closes: [...closes, ...opens], begins: new Set(opens), read })),
    ),
  ].map((tag) => [tag.open, tag]),
);

const callOpens = [...textFamilies.flatMap(({ opens }) => opens), "to=functions."];

/** Whether thinking holds a call: it is not run there. */
export function holdsCall(reasoning: string): boolean {
  return callOpens.some((open) => reasoning.includes(open));
}

/** Where marks stand in text, and where its end may still become one. */
export interface Finder {
  /** The next mark at or after this place. */
  find(input: string, from: number): { readonly mark: string; readonly index: number } | null;
  /** Where the tail begins that may be the beginning of a mark. */
  tail(input: string): number;
  /** Whether a longer mark begins with this one. */
  extends(mark: string): boolean;
}

/** A finder of these marks, and of what the pattern describes. */
export function finderOf(marks: readonly string[], pattern = ""): Finder {
  const sorted = marks.toSorted((one, other) => other.length - one.length);
  const literal = sorted.map((mark) => mark.replace(/[[\]\\/|^$.*+?(){}]/g, String.raw`\$&`)).join("|");
  const form = new RegExp(pattern === "" ? literal : `${pattern}|${literal}`, "g");
  const begins = new Set(marks.flatMap((mark) => Array.from({ length: mark.length - 1 }, (_, at) => mark.slice(0, at + 1))));
  const longest = Math.max(1, ...marks.map((mark) => mark.length));
  return {
    find: (input, from) => {
      form.lastIndex = from;
      const found = form.exec(input);
      return found === null ? null : { mark: found[0], index: found.index };
    },
    tail: (input) => {
      for (let at = Math.max(0, input.length - longest + 1); at < input.length; at++) if (begins.has(input.slice(at))) return at;
      return input.length;
    },
    extends: (mark) => begins.has(mark),
  };
}
