import { matchName } from "./names.ts";
import { mayBeWhole } from "./whole-calls.ts";

/** What an answer's first characters mean. */
export type Beginning =
  /** Nothing yet: more must come. */
  | { readonly type: "unknown" }
  | { readonly type: "text" }
  /** It may be nothing but calls. */
  | { readonly type: "whole" }
  /** gpt-oss's thinking, of whose channel only the name is left. */
  | { readonly type: "thought"; readonly rest: string }
  /** A call whose first bracket was lost, with it put back. */
  | { readonly type: "mended"; readonly input: string };

const channel = "analysis";
const lostBracket = /^(?:function)?=["']?([\w.:-]{1,64})["']?\s*>/;
const mayBeLost = /^(?:f|fu|fun|func|funct|functi|functio|function|(?:function)?=["']?[\w.:-]{0,64}["']?\s?)$/;

/** Reads the beginning of an answer to which these tools were offered; no white space stands before it. */
export function beginningOf(start: string, names: readonly string[]): Beginning {
  if (channel.startsWith(start)) return { type: "unknown" };
  if (/^analysis[A-Z"“]/.test(start)) return { type: "thought", rest: start.slice(channel.length) };
  if (mayBeLost.test(start)) return { type: "unknown" };
  if (mayBeWhole(start)) return { type: "whole" };
  const name = lostBracket.exec(start)?.[1];
  if (name === undefined || matchName(name, names) === null) return { type: "text" };
  return { type: "mended", input: `<${start.startsWith("=") ? "function" : ""}${start}` };
}
