import { balanced } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";
import { readJsonCalls } from "./json.ts";

/** A word of DeepSeek's and Kimi's own tokens, with the bars and blanks that servers make of them. */
function token(words: string): string {
  return `<[|｜]${words.replaceAll(" ", String.raw`(?:[_▁ ]|\\_)`)}[|｜]>`;
}

const itemBegin = new RegExp(token("tool call begin"));
const itemEnd = new RegExp(token("tool call end"));
const separator = new RegExp(`${token("tool sep")}|${token("tool call argument begin")}`);

/** DeepSeek's `begin [type sep] N (sep|line break) {…} end` and Kimi's `begin functions.N:0 argument_begin {…} end`. */
export function readSectionedCalls(body: string, open = ""): readonly WrittenCall[] {
  const text = itemBegin.test(open) ? open + body : body;
  return text
    .split(itemBegin)
    .slice(1)
    .flatMap((item) => sectionedCall(item.split(itemEnd)[0] ?? ""));
}

function sectionedCall(item: string): readonly WrittenCall[] {
  const start = item.indexOf("{");
  const head = (start < 0 ? item : item.slice(0, start)).replace(/```\w*\s*$/, "");
  const name = head
    .split(separator)
    .map((part) => part.trim())
    .findLast((part) => part !== "");
  if (name === undefined) return [];
  return [{ name, args: start < 0 ? "{}" : objectAt(item, start) }];
}

/** Mistral's list of calls, and its newer `N[CALL_ID]id[ARGS]{…}`, also without the two marks. */
export function readMistralCalls(body: string): readonly WrittenCall[] {
  const text = body.trim();
  if (/^[[{]/.test(text)) return readJsonCalls(text);
  const calls: WrittenCall[] = [];
  let rest = text;
  for (;;) {
    const [head, name] =
      /^\s*(?:\[TOOL_CALLS\])?\s*([\w.:-]+)\s*(?:\[CALL_ID\]\s*[\w-]*\s*)?(?:\[ARGS\]\s*)?(?=\{)/.exec(rest) ?? [];
    if (head === undefined || name === undefined) return calls;
    const args = objectAt(rest, head.length);
    calls.push({ name, args });
    rest = rest.slice(head.length + args.length);
  }
}

/** `<|tool_call:begin|>id<|tool_call:name|>N<|tool_call:args|>{…}<|tool_call:end|>`, as Solar writes it. */
export function readSolarCalls(body: string): readonly WrittenCall[] {
  const form = /<\|tool_call:name\|>([\s\S]*?)<\|tool_call:args\|>([\s\S]*?)(?:<\|tool_call:end\|>|$)/g;
  return Array.from(body.matchAll(form), ([, name = "", args = ""]) => ({ name: name.trim(), args: args.trim() }));
}

/** Kimi K3's `<|open|>call tool="N"<|sep|><|open|>argument key="K" type="string"<|sep|>V<|close|>argument<|sep|>`. */
export function readOpenCloseCalls(body: string): readonly WrittenCall[] {
  const form = /(?:<\|open\|>|^)call tool="([^"]+)"[^<]*<\|sep\|>([\s\S]*?)(?:<\|close\|>call<\|sep\|>|$)/g;
  return Array.from(body.matchAll(form), ([, name = "", inner = ""]) => {
    const json = /<\|open\|>json[^<]*<\|sep\|>([\s\S]*?)<\|close\|>json/.exec(inner)?.[1];
    const keyed = inner.matchAll(/<\|open\|>argument key="([^"]+)"[^<]*<\|sep\|>([\s\S]*?)(?:<\|close\|>)?argument<\|sep\|>/g);
    return { name, args: json ?? Array.from(keyed, ([, key = "", value = ""]) => [key, value] as const) };
  });
}

/** The object at this place; all that follows when it is not closed. */
function objectAt(text: string, start: number): string {
  return balanced(text, start) ?? text.slice(start).replace(/\s*```\s*$/, "");
}
