import type { WrittenCall } from "./family.ts";
import { readFields, skipSpace } from "./literals.ts";

/** `[N(k="v"), M(n=1)]`, with or without the brackets, also `N.call(k="v")`. Nothing but calls may stand there. */
export function readPythonicCalls(body: string): readonly WrittenCall[] {
  const text = body.trim();
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
  for (const found of body.matchAll(/call:\s*([\w.:-]+)\s*\{/g)) {
    const args = readFields(body, found.index + found[0].length, "}");
    calls.push({
      name: found[1] ?? "",
      args: args === null ? body.slice(found.index + found[0].length - 1) : JSON.stringify(args.value),
    });
  }
  return calls;
}
