/** A piece of a skill's file that is commands or a program. */
export interface Part {
  readonly text: string;
  readonly language: Language;
  /** Lines before it. */
  readonly line: number;
  /** It comes along as a program, rather than as an example in a text. */
  readonly program: boolean;
}

/** `code`: any other language; its texts and the functions that it names are looked at. */
export type Language = "shell" | "python" | "code";

/** Characters looked through at once: looking is synchronous, and other chats wait meanwhile. */
export const pieceChars = 16_000;

/** The parts of a file, one after the other; of a text the commands in its blocks of code. */
export function* partsOf(path: string, text: string, executable: boolean): Generator<Part> {
  const language = programLanguage(path, text, executable);
  // The line that names the interpreter is no command.
  if (language !== null) return yield* inPieces({ text: text.replace(/^#!.*/, ""), language, line: 0, program: true });
  if (/\.(?:md|markdown|txt)$/i.test(path)) for (const part of fences(text)) yield* inPieces(part);
}

/** Null for what is read rather than run. */
export function programLanguage(path: string, text: string, executable: boolean): Language | null {
  const [first = ""] = text.split("\n", 1);
  if (/\.py$/i.test(path) || /^#!.*\bpython/.test(first)) return "python";
  if (/\.(?:sh|bash|zsh|ksh)$/i.test(path) || /^#!.*\b(?:sh|bash|zsh|ksh|dash)\b/.test(first)) return "shell";
  if (/\.(?:js|mjs|cjs|ts|mts|rb|pl|pm|php|lua)$/i.test(path) || first.startsWith("#!")) return "code";
  return executable && !/\.(?:md|txt|json|ya?ml|csv)$/i.test(path) ? "shell" : null;
}

/** Cut at ends of lines; a line that is longer stays whole. What a program brings in at its head counts for all its pieces. */
function* inPieces(part: Part): Generator<Part> {
  const { text, language } = part;
  if (text.length <= pieceChars) return yield part;
  const head = language === "shell" ? "" : bringingIn(text);
  let line = part.line;
  for (let from = 0; from < text.length;) {
    const cut = text.lastIndexOf("\n", from + pieceChars) + 1;
    const next = text.indexOf("\n", from + pieceChars) + 1;
    const to = from + pieceChars >= text.length ? text.length : cut > from ? cut : next > 0 ? next : text.length;
    const piece = text.slice(from, to);
    yield { ...part, text: from === 0 ? piece : `${piece}\n${head}`, line };
    line += linesIn(piece);
    from = to;
  }
}

const headChars = 2_000;

/** The lines of a program that name what it uses. */
function bringingIn(text: string): string {
  const found = text.matchAll(
    /^[^\S\n]*(?:import|from|use|require)\b[^\n]{0,200}|^[^\n]{0,200}\b(?:require|import)[^\S\n]*\([^\n]{0,200}/gm,
  );
  const lines: string[] = [];
  let left = headChars;
  for (const [line] of found) {
    left -= line.length;
    if (left < 0) break;
    lines.push(line);
  }
  return lines.join("\n");
}

const fence = /^([ \t]*)(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n([\s\S]*?)(?:^[ \t]*\2|$(?![\s\S]))/gm;

function* fences(text: string): Generator<Part> {
  let line = 0;
  let counted = 0;
  for (const match of text.matchAll(fence)) {
    line += linesIn(text.slice(counted, match.index));
    counted = match.index;
    const language = languages.get((match[3] ?? "").toLowerCase());
    if (language === undefined) continue;
    yield { text: (match[4] ?? "").replaceAll(/^\s*\$ /gm, ""), language, line: line + 1, program: false };
  }
}

const languages: ReadonlyMap<string, Language> = new Map([
  ...["", "sh", "bash", "shell", "console", "zsh", "shell-session"].map((name) => [name, "shell"] as const),
  ...["python", "py", "python3"].map((name) => [name, "python"] as const),
]);

/** Line breaks in a text. */
export function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
