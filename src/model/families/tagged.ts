import { balanced } from "../arguments.ts";
import { elementsIn } from "./elements.ts";
import type { WrittenCall } from "./family.ts";
import { readJsonCalls } from "./json.ts";

/** What a family puts before the names of its tags: DeepSeek's, Muse's and others' own words. */
const prefix = String.raw`(?:[A-Za-z]{1,20}:|[｜|]DSML[｜|])?`;
const head = new RegExp(
  String.raw`<${prefix}(?:function|invoke)(?:=|\s{1,8}name=)\s{0,8}["']?([^"'<>\s]{1,200})["']?[^<>]{0,200}>`,
  "g",
);
/** Some write `<parameter=K=V</parameter>`. */
const parameter = new RegExp(
  String.raw`<${prefix}(?:parameter|param)(?:=|\s{1,8}name=)\s{0,8}["']?([^"'<>\s=]{1,200})["']?(?:=|[^<>=]{0,200}(?:>|=[^<>]{0,200}>))`,
  "g",
);
/** Closing tags, in any number: some models write one twice, others forget one. */
const end = String.raw`</${prefix}(?:parameter|param|function|invoke|function_calls|tool_calls|tool_call)>`;
const ends = new RegExp(`${end}$`);
const longestEnd = 60;
const parameterEnd = new RegExp(String.raw`</${prefix}(?:parameter|param)>`);

/** `<function=N><parameter=K>V</parameter></function>` and `<invoke name="N"><parameter name="K">V</parameter></invoke>`. */
export function readTaggedCalls(body: string, open = ""): readonly WrittenCall[] {
  const text = (/^<[\w:]*(?:function|invoke)/.test(open) ? open + body : body).replaceAll("]<]minimax[>[", "");
  return segments(text, head).map(({ name, rest }) => ({ name, args: argumentsOf(rest) }));
}

/** `<function=N{…}` and what else stands for the lost bracket. */
export function readGluedCalls(body: string): readonly WrittenCall[] {
  const [head, name] = /^["']?([\w.-]+)["']?[\s=,([\]]{0,4}(?=\{)/.exec(body) ?? [];
  if (head === undefined || name === undefined) return [];
  return [{ name, args: balanced(body, head.length) ?? body.slice(head.length) }];
}

/** LongCat's tags are GLM's with its own name. */
export function readLongCatCalls(body: string): readonly WrittenCall[] {
  return readKeyedCalls(body.replaceAll(/(<\/?)longcat_/g, "$1"));
}

function argumentsOf(rest: string): WrittenCall["args"] {
  const found = segments(rest, parameter);
  if (found.length > 0) return found.map(({ name, rest: value }) => [name, valueOf(value)] as const);
  const inner = rest.slice(0, lastEnd(rest) ?? rest.length).trim();
  if (inner.startsWith("{")) return jsonArguments(inner) ?? inner;
  return elementsIn(inner);
}

/** Functionary and some Llamas put the arguments as JSON between the tags. */
function jsonArguments(inner: string): string | null {
  const [call] = readJsonCalls(`{"name":"x","arguments":${inner}}`);
  return typeof call?.args === "string" ? call.args : null;
}

interface Segment {
  readonly name: string;
  readonly rest: string;
}

/** Splits at each opening tag. One inside a value that is properly closed later does not count. */
function segments(text: string, opening: RegExp): readonly Segment[] {
  const found = [...text.matchAll(opening)];
  const real = found.filter((match, index) => index === 0 || begins(text, found[index - 1], match));
  return real.map((match, index) => ({
    name: match[1] ?? "",
    rest: text.slice(match.index + match[0].length, real[index + 1]?.index ?? text.length),
  }));
}

/** A tag begins something only at a line's begin or behind another tag. */
function begins(text: string, before: RegExpMatchArray | undefined, match: RegExpMatchArray): boolean {
  const between = text.slice((before?.index ?? 0) + (before?.[0].length ?? 0), match.index);
  const stands = between.replaceAll(/[ \t]/g, "");
  return stands === "" || /[\n>]$/.test(stands);
}

/** One line break on each side belongs to the tags. */
function valueOf(text: string): string {
  const last = lastEnd(text) ?? text.search(parameterEnd);
  const value = last < 0 ? text : text.slice(0, last);
  const unwrapped = /^\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*$/.exec(value)?.[1];
  return unwrapped ?? value.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}

/** Where the closing tags at the end begin. What stands behind them, if anything, is no value. */
function lastEnd(text: string): number | null {
  let at = text.trimEnd().length;
  for (let tries = 0; tries < mostEnds; tries++) {
    const tag = ends.exec(text.slice(Math.max(0, at - longestEnd), at));
    if (tag === null) return tries === 0 ? null : at;
    at = text.slice(0, at - tag[0].length).trimEnd().length;
  }
  return at;
}

/** So often nobody closes. */
const mostEnds = 20;

/** `N<arg_key>K</arg_key><arg_value>V</arg_value>`, as GLM and its kin write it. */
export function readKeyedCalls(body: string): readonly WrittenCall[] {
  return body.split(/<\/?tool_call>/).flatMap((part) => {
    const at = part.search(/<(?:arg_key|arg_value|tool_sep)>/);
    const name = (at < 0 ? part : part.slice(0, at)).trim();
    if (!/^[\w.:-]+$/.test(name)) return [];
    const pairs = (at < 0 ? "" : part.slice(at)).split("<arg_key>").slice(1);
    return [{ name, args: pairs.map(pairOf) }];
  });
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf("<arg_value>");
  const key = (at < 0 ? text : text.slice(0, at)).replace(/<\/arg_key>[\s\S]*$/, "").trim();
  const rest = at < 0 ? "" : text.slice(at + "<arg_value>".length);
  const closed = rest.lastIndexOf("</arg_value>");
  return [key, closed < 0 ? rest.trimEnd() : rest.slice(0, closed)];
}
