import { balanced } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";
import { readJsonCalls } from "./json.ts";
import { readTaggedCalls } from "./tagged.ts";

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
  if (item.includes("invoke name=")) return readTaggedCalls(item); // Step 3
  const start = item.indexOf("{");
  const head = (start < 0 ? item : item.slice(0, start)).trimEnd().replace(/```\w*$/, "");
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
  const form =
    /\s*(?:\[TOOL_CALLS\])?[ \n]{0,4}([\w.:-]{1,200})\s{0,8}(?:\[CALL_ID\]\s{0,8}[\w-]{0,64}\s{0,8})?(?:\[ARGS\]\s*)?(?=\{)/y;
  for (let found = form.exec(text); found !== null; found = form.exec(text)) {
    const args = objectAt(text, form.lastIndex);
    calls.push({ name: found[1] ?? "", args });
    form.lastIndex += args.length;
  }
  return calls;
}

/** `<|tool_call:begin|>id<|tool_call:name|>N<|tool_call:args|>{…}<|tool_call:end|>`, as Solar writes it. */
export function readSolarCalls(body: string): readonly WrittenCall[] {
  return body
    .split("<|tool_call:name|>")
    .slice(1)
    .flatMap((item) => {
      const [name = "", args] = (item.split("<|tool_call:end|>")[0] ?? "").split("<|tool_call:args|>");
      return args === undefined ? [] : [{ name: name.trim(), args: args.trim() }];
    });
}

/** Kimi K3's `<|open|>call tool="N"<|sep|><|open|>argument key="K" type="string"<|sep|>V<|close|>argument<|sep|>`. */
export function readOpenCloseCalls(body: string): readonly WrittenCall[] {
  return body.split("<|close|>call<|sep|>").flatMap((item) => {
    const [head, name] = /(?:<\|open\|>|^)call tool="([^"]{1,200})"[^<]{0,200}<\|sep\|>/.exec(item) ?? [];
    if (head === undefined || name === undefined) return [];
    const inner = item.slice(item.indexOf(head) + head.length);
    const json = inner.split(/<\|open\|>json[^<]{0,200}<\|sep\|>/)[1]?.split("<|close|>json")[0];
    return [{ name, args: json ?? inner.split("<|open|>argument ").slice(1).flatMap(keyedArgument) }];
  });
}

/** `key="K" type="string"<|sep|>V<|close|>argument<|sep|>`; the closing token may be lost. */
function keyedArgument(text: string): readonly (readonly [string, string])[] {
  const [head, key] = /^key="([^"]{1,200})"[^<]{0,200}<\|sep\|>/.exec(text) ?? [];
  if (head === undefined || key === undefined) return [];
  const [value = ""] = text.slice(head.length).split(/(?:<\|close\|>)?argument<\|sep\|>/);
  return [[key, value]];
}

/** The object at this place; all that follows when it is not closed. */
function objectAt(text: string, start: number): string {
  return balanced(text, start) ?? withoutFence(text.slice(start));
}

function withoutFence(text: string): string {
  const bare = text.trimEnd();
  return bare.endsWith("```") ? bare.slice(0, -"```".length).trimEnd() : text;
}
