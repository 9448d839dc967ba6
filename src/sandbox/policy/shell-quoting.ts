import { type Cursor, stumble } from "./shell-cursor.ts";

/** Reads `'…'` from behind the opening quote. */
export function singleQuoted(at: Cursor): string {
  const end = at.text.indexOf("'", at.at);
  if (end === -1) stumble(at, "a ' is not closed");
  const stop = end === -1 ? at.text.length : end;
  const text = at.text.slice(at.at, stop);
  at.at = stop + 1;
  return text;
}

/** Reads `$'…'` from behind the opening quote, with its escapes made out. */
export function ansiQuoted(at: Cursor): string {
  const begin = at.at;
  while (at.at < at.text.length && at.text[at.at] !== "'") at.at += at.text[at.at] === "\\" ? 2 : 1;
  if (at.at >= at.text.length) stumble(at, "a $' is not closed");
  const text = at.text.slice(begin, at.at);
  at.at += 1;
  return unescaped(text);
}

const simple: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\u0007",
  b: "\b",
  e: "\u001B",
  E: "\u001B",
  f: "\f",
  v: "\v",
};

/** Text with C's escapes made out, as `$'…'`, `printf` and `echo -e` do. */
export function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-f]{1,2})|u([\da-f]{1,4})|U([\da-f]{1,8})|c(.)|([0-7]{1,4})|(.))/gis,
    (all: string, ...groups: readonly (string | undefined)[]) => {
      const [hex, short, long, control, octal, plain] = groups;
      const code = hex ?? short ?? long;
      if (code !== undefined) return all[1] === "X" ? all : character(Number.parseInt(code, 16));
      if (control !== undefined) return character(control.charCodeAt(0) & 31);
      if (octal !== undefined) return character(Number.parseInt(octal, 8) & 255);
      return plain === undefined ? all : (simple[plain] ?? (/[\\'"?]/.test(plain) ? plain : all));
    },
  );
}

function character(code: number): string {
  return code === 0 || code > 0x10_ff_ff ? "" : String.fromCodePoint(code);
}
