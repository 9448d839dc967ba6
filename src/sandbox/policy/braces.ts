import { braceClose, braceComma, braceOpen } from "./marks.ts";

/** More words than this come of no honest braces. */
const mostWords = 64;
const mostBraces = 16;

/** `{a,b}` made into words; braces that are none, or too many, become what they were. */
export function expandBraces(text: string): readonly string[] {
  if (!text.includes(braceOpen)) return [plain(text)];
  const braces = text.split(braceOpen).length - 1;
  if (braces > mostBraces) return [plain(text)];
  let words = [text];
  for (let turn = 0; turn < braces && words.length <= mostWords; turn += 1) words = words.flatMap(innermost);
  return words.slice(0, mostWords).map(plain);
}

/** Expands the first brace that holds no other. */
function innermost(text: string): string[] {
  const close = text.indexOf(braceClose);
  const open = text.lastIndexOf(braceOpen, close === -1 ? text.length : close);
  if (close === -1 || open === -1) return [text];
  const inside = text.slice(open + 1, close);
  const [before, after] = [text.slice(0, open), text.slice(close + 1)];
  const choices = inside.split(braceComma);
  if (choices.length === 1) return [`${before}{${inside}}${after}`];
  return choices.map((choice) => `${before}${choice}${after}`);
}

function plain(text: string): string {
  return text.replaceAll(braceOpen, "{").replaceAll(braceComma, ",").replaceAll(braceClose, "}");
}
