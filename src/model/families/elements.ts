import { balanced, isObjectText } from "../arguments.ts";
import type { WrittenCall } from "./family.ts";

/** More elements than these no call has. */
const mostElements = 200;

/** The elements `<K>V</K>` of a text, those within others not counted; a line break on each side of a value belongs to the tags. */
export function elementsIn(text: string): readonly (readonly [name: string, value: string])[] {
  const opening = /<([A-Za-z][\w.-]*)>/g;
  const found: (readonly [string, string])[] = [];
  for (let tries = 0; tries < mostElements; tries++) {
    const [tag, name] = opening.exec(text) ?? [];
    if (tag === undefined || name === undefined) break;
    const end = text.indexOf(`</${name}>`, opening.lastIndex);
    if (end < 0) continue;
    found.push([
      name,
      text
        .slice(opening.lastIndex, end)
        .replace(/^[ \t]*\r?\n/, "")
        .replace(/\r?\n[ \t]*$/, ""),
    ]);
    opening.lastIndex = end + name.length + 3;
  }
  return found;
}

const nameTags = ["name", "tool_name", "function_name"];
const argumentTags = ["arguments", "parameters", "args", "input"];

/** `<N><K>V</K></N>`, `<N>{…}</N>` and `<name>N</name><arguments>{…}</arguments>`, as models trained on other agents write it. */
export function readElementCalls(body: string): readonly WrittenCall[] {
  const elements = elementsIn(body);
  const name = elements.find(([tag]) => nameTags.includes(tag))?.[1].trim();
  const inner = elements.find(([tag]) => argumentTags.includes(tag))?.[1];
  if (name !== undefined) return inner === undefined ? [] : [{ name, args: argumentsIn(inner) }];
  return elements.map(([tag, value]) => ({ name: tag, args: argumentsIn(value) }));
}

function argumentsIn(text: string): WrittenCall["args"] {
  const json = text.trimStart().startsWith("{") ? (balanced(text.trimStart(), 0) ?? text) : null;
  return json !== null && isObjectText(json) ? json : (json ?? elementsIn(text));
}
