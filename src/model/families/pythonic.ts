import type { WrittenCall } from "./family.ts";
import { readFields, skipSpace } from "./literals.ts";

/** `[N(k="v"), M(n=1)]`, with or without the brackets, also `N.call(k="v")`. Nothing but calls may stand there. */
export function readPythonicCalls(body: string): readonly WrittenCall[] {
  const text = printed(body.trim());
  const listed = text.startsWith("[");
  const calls: WrittenCall[] = [];
  for (let at = listed ? 1 : 0; ;) {
    const call = oneCall(text, skipSpace(text, at));
    if (call === null) return [];
    calls.push(call.call);
    at = skipSpace(text, call.end);
    if (at >= text.length) return calls; // a missing last bracket is forgiven
    if (listed && text[at] === "]") return skipSpace(text, at + 1) >= text.length ? calls : [];
    if (text[at] === "," || text[at] === ";") at++;
    else if (listed) return [];
  }
}

/** Gemma prints what it calls. */
function printed(text: string): string {
  return text.startsWith("print(") && text.endsWith(")") ? text.slice("print(".length, -1) : text;
}

function oneCall(text: string, at: number): { call: WrittenCall; end: number } | null {
  const form = /([A-Za-z_][\w.-]*?)(?:\.call)?\s*\(/y;
  form.lastIndex = at;
  const [opening, name] = form.exec(text) ?? [];
  if (opening === undefined || name === undefined) return null;
  const args = readFields(text, at + opening.length, ")");
  return args === null ? null : { call: { name, args: JSON.stringify(args.value) }, end: args.end };
}

/** `call:N{k:<escape>v<escape>}` of FunctionGemma and `call:N{k:<|"|>v<|"|>}` of Gemma 4. */
export function readBracedCalls(body: string): readonly WrittenCall[] {
  const calls: WrittenCall[] = [];
  const form = /call:\s{0,8}([\w.:-]{1,200})\s{0,8}\{/g;
  for (let found = form.exec(body); found !== null; found = form.exec(body)) {
    const args = readFields(body, form.lastIndex, "}");
    const [name = ""] = found.slice(1);
    calls.push({ name, args: args === null ? body.slice(form.lastIndex - 1) : JSON.stringify(args.value) });
    if (args === null) break;
    form.lastIndex = args.end; // what stands in an argument calls nothing
  }
  return calls;
}
