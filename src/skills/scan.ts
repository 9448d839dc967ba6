import { setImmediate } from "node:timers/promises";
import { type CommandClass, type Finding, classLabels } from "../core/approval.ts";
import { unhiddenLine } from "../core/markdown.ts";
import type { SkillBundle, SkillFile, SkillFinding, SkillReach, SkillVerdict } from "../core/skill.ts";
import { threatsIn } from "../core/threats.ts";
import { textOf } from "./bundle.ts";

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
 * makes the agent do is judged again when it is done.
 */
export async function scanSkill(bundle: SkillBundle, inspect: SkillReach["inspect"]): Promise<SkillScan> {
  const findings: SkillFinding[] = [];
  for (const file of bundle.files) {
    findings.push(...scanFile(file, inspect));
    // A large skill must not hold up every chat.
    await setImmediate();
  }
  const sorted = findings.toSorted((one, other) => Number(other.level === "dangerous") - Number(one.level === "dangerous"));
  const verdict = sorted[0]?.level ?? "safe";
  return { verdict, findings: sorted.slice(0, mostFindings) };
}

function scanFile(file: SkillFile, inspect: SkillReach["inspect"]): readonly SkillFinding[] {
  const { path } = file;
  let text: string;
  try {
    text = textOf(file);
  } catch {
    return isProgram(file.bytes) || file.executable
      ? [{ level: "caution", what: "is a program that can't be read", file: path, line: 0, excerpt: "" }]
      : [];
  }
  return single([...words(path, text), ...commands(path, text, file.executable, inspect)]);
}

function words(file: string, text: string): readonly SkillFinding[] {
  const threats = threatsIn(text);
  if (threats.length === 0) return [];
  const lines = text.split("\n");
  return threats.map(({ grade, what, excerpt }) => {
    const at = lines.findIndex((each) => threatsIn(each).some((threat) => threat.what === what));
    const shown = excerpt === "" ? short(lines[at] ?? "") : excerpt;
    return { level: grade === "high" ? "dangerous" : "caution", what, file, line: at + 1, excerpt: shown };
  });
}

/** Never honest in a skill, wherever they stand. */
const always: ReadonlySet<CommandClass> = new Set([
  "delete_root",
  "fork_bomb",
  "format_disk",
  "kill_agent",
  "ssh_keys",
  "instructions",
  "persistence",
  "history",
  "tunnel",
]);
/** Nor in a program that comes along; in a text they may be somebody's manual of installing something. */
const inPrograms: ReadonlySet<CommandClass> = new Set(["remote_code", "kill_wide", "kernel", "users", "secrets_write", "power"]);
/** Every second honest skill does these, and they are asked for where they matter. */
const usual: ReadonlySet<CommandClass> = new Set(["network", "inline_code", "outside_write", "send", "mcp"]);

function commands(file: string, text: string, executable: boolean, inspect: SkillReach["inspect"]): readonly SkillFinding[] {
  const language = programLanguage(file, text, executable);
  const parts = language === null ? fences(file, text) : [{ text, language, line: 0, program: true }];
  return parts.flatMap((part) => {
    // The line that names the interpreter is no command.
    const text = part.text.replace(/^#!.*/, "");
    const found = [...inspect(text, part.language).filter((each) => !isNoise(each, part)), ...hiddenPython(text, part)];
    const classes = new Set(found.map((each) => each.class));
    const leads = classes.has("credentials") && (classes.has("upload") || classes.has("network"));
    return found.flatMap((finding): readonly SkillFinding[] => {
      const { class: label, what, floor } = finding;
      const worst = floor || always.has(label) || (part.program && inPrograms.has(label)) || (leads && label === "credentials");
      if (!worst && usual.has(label)) return [];
      // A manual's commands have places to fill in that no parser knows.
      if (label === "unparsable" && !part.program) return [];
      const line = part.line + lineOf(part.text, what);
      const words = leads && label === "credentials" ? "reads passwords or keys and reaches the network" : classLabels[label];
      return [{ level: worst ? "dangerous" : "caution", what: words, file, line, excerpt: short(what) }];
    });
  });
}

/** What the policy's look at code takes for commands: it has to err on the side of asking, and a scan cries wolf by it. */
function isNoise({ class: label, what }: Finding, { language, text }: Part): boolean {
  // A place to fill in, `<NAME>`, at the end of a line of a manual: a redirection to nowhere.
  if (/^[<>]+$/.test(what.trim())) return true;
  if (language !== "python") return false;
  // It sees a path of the system in any string with a slash, a division among them.
  return label === "unparsable" || label === "hidden_code" || (label === "system_write" && !systemPath.test(text));
}

const systemPath = /["'](?:\/(?:etc|usr|bin|sbin|boot|lib\w*|root|var|proc|sys|dev|opt)\b|[A-Za-z]:\\)/;

/** Code that makes code. */
function hiddenPython(text: string, { language }: Part): readonly Finding[] {
  if (language !== "python") return [];
  const found = /(?<![.\w])(?:exec|eval|__import__)\s*\([^\n]{0,80}/.exec(text)?.[0];
  return found === undefined ? [] : [{ class: "hidden_code", what: found, floor: false }];
}

interface Part {
  readonly text: string;
  readonly language: "shell" | "python";
  /** Lines before it. */
  readonly line: number;
  readonly program: boolean;
}

/** Null for what is read rather than run. */
function programLanguage(path: string, text: string, executable: boolean): Part["language"] | null {
  const [first = ""] = text.split("\n", 1);
  if (/\.py$/i.test(path) || /^#!.*\bpython/.test(first)) return "python";
  if (/\.(?:sh|bash|zsh|ksh)$/i.test(path) || /^#!.*\b(?:sh|bash|zsh|ksh|dash)\b/.test(first)) return "shell";
  return executable && !/\.(?:md|txt|json|ya?ml|csv)$/i.test(path) && !first.startsWith("#!") ? "shell" : null;
}

/** The commands in a text's blocks of code. */
function fences(path: string, text: string): readonly Part[] {
  if (!/\.(?:md|markdown|txt)$/i.test(path)) return [];
  const parts: Part[] = [];
  for (const match of text.matchAll(/^([ \t]*)(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n([\s\S]*?)(?:^[ \t]*\2|$(?![\s\S]))/gm)) {
    const language = languages.get((match[3] ?? "").toLowerCase());
    if (language === undefined) continue;
    const line = text.slice(0, match.index).split("\n").length;
    parts.push({ text: (match[4] ?? "").replaceAll(/^\s*\$ /gm, ""), language, line, program: false });
  }
  return parts;
}

const languages: ReadonlyMap<string, Part["language"]> = new Map([
  ...["", "sh", "bash", "shell", "console", "zsh", "shell-session"].map((name) => [name, "shell"] as const),
  ...["python", "py", "python3"].map((name) => [name, "python"] as const),
]);

/** The line of a finding in its text, from 1; 0 where it can't be told. */
function lineOf(text: string, what: string): number {
  const words = what.trim().slice(0, 40);
  const at = words === "" ? -1 : text.indexOf(words);
  if (at >= 0) return text.slice(0, at).split("\n").length;
  const [first = ""] = words.split(/\s+/);
  return first === "" ? 0 : text.split("\n").findIndex((line) => line.includes(first)) + 1;
}

/** ELF, Windows, Mach-O, WebAssembly, Java. */
function isProgram(bytes: Uint8Array): boolean {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  return /^(?:\x7fELF|MZ|\0asm|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|\xce\xfa\xed\xfe)/.test(magic);
}

function single(findings: readonly SkillFinding[]): readonly SkillFinding[] {
  const key = ({ what, line }: SkillFinding): string => `${what} ${line}`;
  return findings.filter((each, at) => findings.findIndex((other) => key(other) === key(each)) === at);
}

const excerptChars = 120;

function short(text: string): string {
  const line = unhiddenLine(text).replaceAll(/\s+/g, " ").trim();
  return line.length > excerptChars ? `${line.slice(0, excerptChars).toWellFormed()}…` : line;
}
