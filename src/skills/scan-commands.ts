import { type CommandClass, type Finding, classLabels } from "../core/approval.ts";
import { unhiddenLine } from "../core/markdown.ts";
import type { SkillFinding, SkillReach } from "../core/skill.ts";
import { linesIn, type Part } from "./scan-parts.ts";

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

/** What the commands of a part would do, as far as that matters to whoever takes the skill. */
export async function commandsIn(file: string, part: Part, inspect: SkillReach["inspect"]): Promise<readonly SkillFinding[]> {
  const { language, text } = part;
  const found = [...(await inspect(text, language === "shell" ? "shell" : "python")), ...codeInCode(part)];
  const kept = found.filter((each) => !isNoise(each, part));
  const classes = new Set(kept.map((each) => each.class));
  const leads = classes.has("credentials") && (classes.has("upload") || classes.has("network"));
  const findings = kept.flatMap((finding): readonly SkillFinding[] => {
    const { class: label, what, floor } = finding;
    if (isUnread(finding)) return [];
    const worst = floor || always.has(label) || (part.program && inPrograms.has(label)) || (leads && label === "credentials");
    if (!worst && usual.has(label)) return [];
    // A manual's commands have places to fill in that no parser knows.
    if (label === "unparsable" && !part.program) return [];
    const line = part.line + lineOf(text, what);
    const words = leads && label === "credentials" ? "reads passwords or keys and reaches the network" : classLabels[label];
    return [{ level: worst ? "dangerous" : "caution", what: words, file, line, excerpt: short(what.replace(madeMark, "")) }];
  });
  if (!found.some(isUnread)) return findings;
  return [
    ...findings,
    { level: "caution", what: "is too much to be looked through", file, line: part.line + 1, excerpt: short(text) },
  ];
}

/** The policy gave up on it. */
function isUnread({ class: label, what }: Finding): boolean {
  return label === "unparsable" && /^it is (?:too long|too much|nested too deep)/.test(what);
}

/** What the policy's look at code takes for commands: it has to err on the side of asking, and a scan cries wolf by it. */
function isNoise(finding: Finding, { language, text }: Part): boolean {
  const { class: label, what } = finding;
  if (isUnread(finding)) return false;
  // A place to fill in, `<NAME>`, at the end of a line of a manual: a redirection to nowhere.
  if (/^[<>]+$/.test(what.trim())) return true;
  if (language === "shell" || what.startsWith(madeMark)) return false;
  if (language === "code" && isWord(what.trim(), text)) return true;
  // It sees a path of the system in any string with a slash, a division among them.
  return label === "unparsable" || label === "hidden_code" || (label === "system_write" && !systemPath.test(text));
}

/** A word in quotes that nothing is called with is hardly a command. */
function isWord(what: string, text: string): boolean {
  if (!/^\w+$/.test(what)) return false;
  const quoted = `["'\`]${what}["'\`]`;
  return new RegExp(quoted).test(text) && !new RegExp(`\\(\\s*(?:\\[\\s*)?${quoted}`).test(text);
}

const systemPath = /["'](?:\/(?:etc|usr|bin|sbin|boot|lib\w*|root|var|proc|sys|dev|opt)\b|[A-Za-z]:\\)/;

/** Of what the policy finds nothing begins so. */
const madeMark = "makes code: ";

/** Code that makes code. Elsewhere than in Python `exec` runs commands, and its words are looked at. */
function codeInCode({ language, text }: Part): readonly Finding[] {
  if (language === "shell") return [];
  const makes =
    language === "python"
      ? /(?<![.\w])(?:exec|eval|__import__)\s*\([^\n]{0,80}/
      : /(?<![.\w>])(?:eval|instance_eval|loadstring|create_function|new\s+Function)\s*\([^\n]{0,80}/;
  const found = makes.exec(text)?.[0];
  return found === undefined ? [] : [{ class: "hidden_code", what: `${madeMark}${found}`, floor: false }];
}

/** The line of a finding in its text, from 1; 0 where it can't be told. */
function lineOf(text: string, what: string): number {
  const words = what.replace(madeMark, "").trim().slice(0, 40);
  const at = words === "" ? -1 : text.indexOf(words);
  if (at >= 0) return linesIn(text.slice(0, at)) + 1;
  const [first = ""] = words.split(/\s+/);
  return first === "" ? 0 : text.split("\n").findIndex((line) => line.includes(first)) + 1;
}

const excerptChars = 120;

/** A part of a skill as it is shown. */
export function short(text: string): string {
  const line = unhiddenLine(text.slice(0, 10 * excerptChars))
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > excerptChars ? `${line.slice(0, excerptChars).toWellFormed()}…` : line;
}
