import { textFamilies } from "./families/index.ts";
import type { TextFamily, WrittenCall } from "./families/family.ts";
import type { Purpose } from "./mentions.ts";

/** What stands between an opening mark and what closes it. */
export interface Tag {
  readonly open: string;
  /**
   * `header`: of a harmony message, which says what follows. `nothing`: a leaked token that says nothing. `others`: what others say, so
   * that the model has gone on where it should have stopped; `results` the same behind a call, in words that may also be an answer's.
   */
  readonly holds: "reasoning" | "call" | "header" | "nothing" | "others" | "results";
  readonly closes: readonly string[];
  /** Closing marks that begin something themselves. */
  readonly begins: ReadonlySet<string>;
  readonly read: TextFamily["read"];
  /** The mark is an ordinary word too: what holds no call is text. */
  readonly word?: boolean;
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

/** Tokens with which an answer ends. */
const endTokens = [
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|eot|>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "<end_of_turn>",
  "<turn|>",
  "<|end|>",
  "<|return|>",
  "<|call|>",
  "<｜end▁of▁sentence｜>",
  "<|END_OF_TURN_TOKEN|>",
  "<|end_of_msg|>",
  "<|assistant_end|>",
];

/** The text without the tokens at its end that only say that it ends. */
export function withoutEndTokens(text: string): string {
  let rest = text;
  for (;;) {
    const bare = rest.trimEnd();
    const token = endTokens.find((one) => bare.endsWith(one));
    if (token === undefined) return rest;
    rest = bare.slice(0, -token.length);
  }
}

/** Tokens that say nothing to a person, leaked by servers that don't strip them. */
const leaked = [
  ...endTokens,
  "<|im_start|>assistant",
  "<|im_start|>",
  "<|start_header_id|>assistant<|end_header_id|>",
  "<start_of_turn>model",
  "<|message|>",
  "<|START_RESPONSE|>",
  "<|END_RESPONSE|>",
  "<|START_TEXT|>",
  "<|END_TEXT|>",
  "<|open|>response<|sep|>",
  "<|close|>response<|sep|>",
  "</parameter>",
  "</invoke>",
  "]<]minimax[>[",
  "</function>",
];

/** With these begins what a person, a system or a tool says: a server without the right stop token lets the model go on with it. */
const others = [
  "<|im_start|>user",
  "<|im_start|>tool",
  "<|im_start|>system",
  "<|start_header_id|>user",
  "<|start_header_id|>system",
  "<|start_header_id|>tool",
  "<|start_header_id|>ipython",
  "<start_of_turn>user",
  "<｜User｜>",
  "<|user|>",
  "<|observation|>",
  "<｜tool▁outputs▁begin｜>",
  "<｜tool▁output▁begin｜>",
  "<start_function_response>",
  "<|tool_response>",
  "<|START_TOOL_RESULT|>",
];

/** Results that a model makes up behind its own call. */
const results = [
  "<tool_response>",
  "<tool_result>",
  "<tool_results>",
  "<tool_output>",
  "<function_results>",
  "<function_result>",
  "<function_response>",
  "[TOOL_RESULTS]",
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
/** Its thinking where the server has taken the tokens away and left the channels' names. */
export const bareThought: Tag = {
  open: "analysis",
  holds: "reasoning",
  closes: ["assistantfinal", "assistantcommentary"],
  begins: none,
  read: noCalls,
};
const harmonyThought: Tag = { ...harmonyBody, holds: "reasoning" };
const harmonyCall: Tag = { ...harmonyBody, holds: "call" };

const plain = (open: string, holds: Tag["holds"], closes: readonly string[]): Tag => ({
  open,
  holds,
  closes,
  begins: none,
  read: noCalls,
});

/** Closing marks that are ordinary words where nothing was opened. */
const plainCloses: ReadonlySet<string> = new Set(["</s>", "]", "</tools>"]);

/** All marks that mean something outside of any other, by their opening. */
export const tags: ReadonlyMap<string, Tag> = new Map(
  [
    ...leaked.map((token) => plain(token, "nothing", [])),
    ...others.map((token) => plain(token, "others", [])),
    ...results.map((token) => plain(token, "results", [])),
    ...textFamilies.flatMap(({ closes }) =>
      closes.filter((close) => !plainCloses.has(close)).map((close) => plain(close, "nothing", [])),
    ),
    ...thoughts.map(([open, close]) => plain(open, "reasoning", [close])),
    ...messageBegins.map((open) => plain(open, "header", ["<|message|>"])),
    ...textFamilies.flatMap(({ opens, closes, read, word = false }) =>
      opens.map((open): Tag => ({ open, holds: "call", closes: [...closes, ...opens], begins: new Set(opens), read, word })),
    ),
  ].map((tag) => [tag.open, tag]),
);

/** What a mark is for; `token`: it stands in nobody's sentence. */
export function purposeOf(mark: string): Purpose | "token" {
  const tag = tags.get(mark);
  if (tag === undefined || (loneCloses.has(mark) && tag.holds === "nothing")) return "rethink";
  switch (tag.holds) {
    case "call":
    case "reasoning":
    case "results":
    case "others":
      return tag.holds;
    case "nothing":
      return "close";
    case "header":
      return "token";
  }
}

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
  /** Whether what stands from this place to the end may still become a longer mark. */
  mayGrow(input: string, index: number): boolean;
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
    mayGrow: (input, index) => input.length - index < longest && begins.has(input.slice(index)),
  };
}
