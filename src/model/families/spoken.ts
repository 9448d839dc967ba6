import { balanced } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";

/** The patterns for arrows look ahead far: they are kept to what such a call is. */
const longest = 10_000;

/** `{tool => "N", args => { --key "value" }}`, which MiniMax's models write with some providers. */
export function readArrowCalls(body: string): readonly WrittenCall[] {
  if (body.length > longest) return [];
  const name = /\btool\s*=>\s*"([^"]+)"/.exec(body)?.[1];
  const args = /\bargs\s*=>\s*\{([\s\S]*)\}\s*\}\s*$/.exec(body)?.[1];
  if (name === undefined || args === undefined) return [];
  const pairs = args.matchAll(/^[ \t]*--([\w-]+)[ \t]+(?:"([\s\S]*?)"|(\S+))[ \t]*$/gm);
  return [{ name, args: Array.from(pairs, ([, key = "", quoted, bare = ""]) => [key, quoted ?? bare] as const) }];
}

/** `[Calling tool: N with arguments: {…}]`: models that tell of a call as they have seen it told. */
export function readToldCalls(body: string): readonly WrittenCall[] {
  const [head, name] = /^\s{0,8}([\w.:-]{1,200})\s{0,8}(?:with arguments)?:?\s{0,8}(?=\{)/.exec(body) ?? [];
  if (head === undefined || name === undefined) return [];
  return [{ name, args: balanced(body, head.length) ?? body.slice(head.length) }];
}
