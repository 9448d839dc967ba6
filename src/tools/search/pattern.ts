/** A regular expression for a grep that knows only the POSIX extended ones. */
export interface PosixPattern {
  readonly pattern: string;
  readonly anyCase: boolean;
}

/** A pattern as models write them, in POSIX extended syntax; null where that can't say it. */
export function posixPattern(pattern: string): PosixPattern | null {
  const anyCase = pattern.startsWith("(?i)");
  const parts = (anyCase ? pattern.slice(4) : pattern).match(token) ?? [];
  const made = parts.map(posixPart);
  return made.includes(null) ? null : { pattern: made.join(""), anyCase };
}

/** A set, an escape, the beginning of a group, a quantifier, or one letter. */
const token = /\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|\\[\s\S]|\(\?:?|[*+?}]\??|[\s\S]/g;

function posixPart(part: string): string | null {
  if (part === "(?:") return "(";
  if (part === "(?") return null;
  if (part.length === 2 && part.startsWith("\\")) return posixEscape(part.charAt(1));
  if (part.length > 1 && part.startsWith("[")) return posixSet(part);
  // Whether a line matches does not depend on greed.
  return part.length === 2 && part.endsWith("?") ? part.charAt(0) : part;
}

function posixEscape(letter: string): string | null {
  const meant = escapes[letter];
  if (meant !== undefined || /[A-Za-z0-9]/.test(letter)) return meant ?? null;
  // Only what means something needs its backslash.
  return /[.*+?^${}()|[\]\\]/.test(letter) ? `\\${letter}` : letter;
}

/** In a set a backslash is a letter like any other. */
function posixSet(set: string): string | null {
  const parts = set.match(/\\[\s\S]|[\s\S]/g) ?? [];
  const made = parts.map((part) =>
    part.length === 1 ? part : (setEscapes[part.charAt(1)] ?? (/\w/.test(part) ? null : part.charAt(1))),
  );
  return made.includes(null) ? null : made.join("");
}

const escapes: Readonly<Record<string, string>> = {
  d: "[0-9]",
  D: "[^0-9]",
  s: "[[:space:]]",
  S: "[^[:space:]]",
  w: "[[:alnum:]_]",
  W: "[^[:alnum:]_]",
  b: "\\b",
  t: "\t",
};

const setEscapes: Readonly<Record<string, string>> = { d: "0-9", s: "[:space:]", w: "[:alnum:]_", t: "\t" };

/** `*.{ts,tsx}` as the globs it stands for. */
export function globsOf(glob: string): readonly string[] {
  const made = [glob];
  for (let at = 0; at < made.length && made.length <= mostGlobs;) {
    const [, before, inside, after] = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(made[at] ?? "") ?? [];
    if (before === undefined || inside === undefined || after === undefined) at += 1;
    else made.splice(at, 1, ...inside.split(",", mostGlobs).map((part) => before + part + after));
  }
  return made.slice(0, mostGlobs);
}

/** More than these are left out. */
const mostGlobs = 32;
