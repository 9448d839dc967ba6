import { setImmediate } from "node:timers/promises";
import type { SkillBundle, SkillFile, SkillFinding, SkillReach, SkillVerdict } from "../core/skill.ts";
import { threatsIn } from "../core/threats.ts";
import { textOf } from "./bundle.ts";
import { commandsIn, short } from "./scan-commands.ts";
import { linesIn, partsOf, pieceChars, programLanguage } from "./scan-parts.ts";

/** What a scan made of a skill. */
export interface SkillScan {
  readonly verdict: SkillVerdict;
  /** The worst first. */
  readonly findings: readonly SkillFinding[];
}

/** More of one kind in one file tell a person nothing more. */
const mostFindings = 60;

/**
 * Looks through all files of a skill for what works against whoever uses it: words that give the agent orders, what leads secrets out,
 * commands that destroy, hidden characters, programs nobody can read. No scan finds everything: a person decides, and what a skill
 * makes the agent do is judged again when it is done. A large one is looked through in pieces, with turns for every chat between them.
 */
export async function scanSkill(bundle: SkillBundle, inspect: SkillReach["inspect"]): Promise<SkillScan> {
  const found = { dangerous: findings(), caution: findings() };
  for (const file of bundle.files) {
    let looked = 0;
    for await (const { chars, findings: some } of scanFile(file, inspect)) {
      for (const finding of some) found[finding.level].add(finding);
      looked += chars + partCost;
      if (looked < pieceChars) continue;
      looked = 0;
      await setImmediate();
    }
    await setImmediate();
  }
  const sorted = [...found.dangerous.list, ...found.caution.list];
  return { verdict: sorted[0]?.level ?? "safe", findings: sorted.slice(0, mostFindings) };
}

/** What beginning to look at something costs, in characters. */
const partCost = 100;

/** Findings, each once, and no more than are shown. */
function findings() {
  const keys = new Set<string>();
  const list: SkillFinding[] = [];
  return {
    list,
    add(finding: SkillFinding): void {
      const key = `${finding.file}\0${finding.what}\0${finding.line}`;
      if (list.length >= mostFindings || keys.has(key)) return;
      keys.add(key);
      list.push(finding);
    },
  };
}

/** What one step of looking found, and how much it looked at. */
interface Look {
  readonly chars: number;
  readonly findings: readonly SkillFinding[];
}

async function* scanFile(file: SkillFile, inspect: SkillReach["inspect"]): AsyncGenerator<Look> {
  const { path, executable } = file;
  const { text, unread } = textIn(file);
  if (unread) yield { chars: 0, findings: [caution(path, "is a program that can't be read")] };
  if (text === null) return;
  yield* words(path, text);
  for (const part of partsOf(path, text, executable))
    yield { chars: part.text.length, findings: await commandsIn(path, part, inspect) };
}

function caution(file: string, what: string): SkillFinding {
  return { level: "caution", what, file, line: 0, excerpt: "" };
}

/** A file's text; of one that is none what a shell would make of it. Null for what nothing reads or runs as text. */
function textIn(file: SkillFile): { readonly text: string | null; readonly unread: boolean } {
  try {
    return { text: textOf(file), unread: false };
  } catch {
    if (isProgram(file.bytes)) return { text: null, unread: true };
    const text = new TextDecoder().decode(file.bytes).replaceAll(noText, "");
    const program = programLanguage(file.path, text, file.executable) !== null;
    const read = program || !file.bytes.includes(0) || /\.(?:md|markdown|txt)$/i.test(file.path);
    return { text: read ? text : null, unread: program || file.executable };
  }
}

/** What a shell leaves out, and other encodings have between letters. */
const noText = /[\u0000-\u0008\u000b-\u000c\u000e-\u001f\u007f]/g;

/** Pieces overlap by so much: an order may stand on both sides of a cut. */
const overlap = 600;

function* words(file: string, text: string): Generator<Look> {
  let line = 0;
  for (let from = 0; from < text.length; from += 4 * pieceChars) {
    const piece = text.slice(Math.max(0, from - overlap), from + 4 * pieceChars);
    const before = line - (from === 0 ? 0 : linesIn(text.slice(Math.max(0, from - overlap), from)));
    yield { chars: piece.length, findings: wordsIn(file, piece, before) };
    line += linesIn(text.slice(from, from + 4 * pieceChars));
  }
}

function wordsIn(file: string, text: string, before: number): readonly SkillFinding[] {
  const threats = threatsIn(text);
  if (threats.length === 0) return [];
  const plain = text
    .toLowerCase()
    .replaceAll(/[^\S\n]+/g, " ")
    .replaceAll("\n", "\v");
  return threats.map(({ grade, what, excerpt }) => {
    const at = excerpt === "" ? hiddenLine(text, what) : lineAt(plain, excerpt);
    const shown = excerpt === "" ? short(text.split("\n", at)[at - 1] ?? "") : excerpt;
    return { level: grade === "high" ? "dangerous" : "caution", what, file, line: at === 0 ? 0 : before + at, excerpt: shown };
  });
}

/** The line of something that was found in a plain form of a text, with its lines' ends kept apart; 0 where it is written otherwise. */
function lineAt(plain: string, excerpt: string): number {
  const at = plain.replaceAll("\v", " ").indexOf(excerpt.replace(/…$/, ""));
  return at < 0 ? 0 : plain.slice(0, at).split("\v").length;
}

/** More lines than these are not looked at one by one. */
const mostLines = 1_000;

function hiddenLine(text: string, what: string): number {
  const lines = text.split("\n", mostLines);
  return lines.findIndex((each) => /[^\t\x20-\x7e]/.test(each) && threatsIn(each).some((threat) => threat.what === what)) + 1;
}

/** ELF, Windows, Mach-O, WebAssembly, Java. */
function isProgram(bytes: Uint8Array): boolean {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  return /^(?:\x7fELF|MZ|\0asm|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|\xce\xfa\xed\xfe)/.test(magic);
}
