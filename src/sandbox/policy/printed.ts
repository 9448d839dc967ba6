import { unknown } from "./marks.ts";
import { type Call, type Flow, type Inspection, unclear } from "./inspection.ts";
import { absolute } from "./paths.ts";
import { agentProcess } from "./rules.ts";
import { unescaped } from "./shell-quoting.ts";

/** What a plain command would print, as far as that is known without running it: enough to see through `echo … | base64 -d | sh`. */
export function printed(call: Call, inspection: Inspection): Flow {
  const { input } = call;
  const text = tellsAgent(call.args, input, call.name) ? agentMark : textOf(call, inspection);
  return { text, remote: (input?.remote ?? false) || isDownload(call) };
}

/** Stands for the number of the agent's own process. */
export const agentMark = `${unknown}hermes`;
const filters = /^(?:grep|egrep|fgrep|rg|\w*awk|sed|cut|head|tail|sort|uniq|tr|tee|xargs|echo|cat)$/;

/** Whether what comes of a command names the agent's process: it looks for it, or passes on what did. */
export function tellsAgent(args: readonly string[], input: Flow | null, name = "awk"): boolean {
  if (filters.test(name) && input?.text?.includes(agentMark) === true) return true;
  const words = args.join(" ").slice(0, 2_000).replaceAll(/[[\]]/g, "");
  if (name === "pgrep" || name === "pidof") return agentProcess.test(words);
  if (name === "cat") return /hermes\S*\.pid\b/.test(words);
  if (input === null || (input.text !== null && !input.text.includes(unknown))) return false;
  return /^(?:[ef]?grep|rg|\w*awk)$/.test(name) && !/(?:^|\s)-\w*v/.test(words) && agentProcess.test(words);
}

function isDownload({ name }: Call): boolean {
  return /^(?:curl|wget|fetch|aria2c|lynx|http|https|ncat|nc|ftp|lwp-request|GET)$/.test(name);
}

function textOf(call: Call, inspection: Inspection): string | null {
  const { name, args, input } = call;
  const first = args.find((each) => !each.startsWith("-"));
  const text = input?.text ?? null;
  switch (name) {
    case "echo":
      return echoed(args);
    case "printf":
      return formatted(args[0] === "--" ? args.slice(1) : args);
    case "cat":
      return first === undefined || first === "-" ? text : (inspection.files.get(absolute(inspection.cwd, first))?.text ?? null);
    case "tee":
      return text;
    case "base64":
    case "openssl":
    case "gbase64":
      return args.some((each) => /^(?:-[a-zA-Z]*[dD]i?|--decode)$/.test(each)) ? decoded(text, "base64") : null;
    case "xxd":
      return args.some((each) => each.includes("r")) ? decoded(text, "hex") : null;
    case "rev":
      return text === null ? null : text.split("\n").map(reversed).join("\n");
    case "tr":
      return text === null ? null : translated(text, args);
    case "which":
      return first ?? null;
    case "command":
      return args[0] === "-v" ? (args[1] ?? null) : null;
    case ":":
    case "true":
      return "";
    default:
      return null;
  }
}

function echoed(args: readonly string[]): string {
  const begin = args.findIndex((each) => !/^-[neE]+$/.test(each));
  const text = (begin === -1 ? [] : args.slice(begin)).join(" ");
  const escapes = args.slice(0, Math.max(begin, 0)).some((each) => each.includes("e"));
  return `${escapes ? unescaped(text) : text}\n`;
}

function formatted(args: readonly string[]): string {
  const [format = "", ...values] = args;
  const pieces: string[] = [];
  let next = 0;
  // The format is used again while there are values; 50 times is more than any disguise needs.
  for (let turn = 0; turn === 0 || (next < values.length && turn < 50 && format.includes("%")); turn += 1) {
    pieces.push(
      unescaped(format).replaceAll(/%(?:%|[-+ #0]*[\d*]*(?:\.\d+)?([a-zA-Z]))/g, (_all: string, kind: string | undefined) => {
        if (kind === undefined) return "%";
        const value = values[next] ?? "";
        next += 1;
        if (kind === "b") return unescaped(value);
        return /[xXo]/.test(kind) ? unknown : value;
      }),
    );
  }
  return pieces.join("");
}

function decoded(text: string | null, encoding: "base64" | "hex"): string | null {
  if (text === null || text.includes(unknown)) return null;
  return Buffer.from(encoding === "hex" ? text.replaceAll(/[^\da-f]/gi, "") : text, encoding).toString("utf8");
}

function reversed(line: string): string {
  return [...line].toReversed().join("");
}

function translated(text: string, args: readonly string[]): string | null {
  const sets = args.filter((each) => !/^-[cds]+$/.test(each)).map(range);
  const [from, to] = sets;
  if (from === undefined) return null;
  if (args.some((each) => /^-[cs]*d/.test(each))) return args.some((each) => each.includes("c")) ? null : without(text, from);
  if (to === undefined || to.length === 0) return null;
  const table = new Map(from.map((letter, index) => [letter, to[Math.min(index, to.length - 1)] ?? ""]));
  return [...text].map((letter) => table.get(letter) ?? letter).join("");
}

function without(text: string, letters: readonly string[]): string {
  const gone = new Set(letters);
  return [...text].filter((letter) => !gone.has(letter)).join("");
}

function range(set: string): readonly string[] {
  const letters = [...unescaped(set)];
  const made: string[] = [];
  for (let index = 0; index < letters.length; index += 1) {
    const from = letters[index] ?? "";
    const to = letters[index + 1] === "-" ? letters[index + 2] : undefined;
    if (to === undefined) made.push(from);
    else {
      const [low, high] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
      for (let code = low; code <= Math.min(high, low + 255); code += 1) made.push(String.fromCodePoint(code));
      index += 2;
    }
  }
  return made;
}

/** What comes of several commands after one another. */
export function together(flows: readonly Flow[]): Flow {
  if (flows.length === 0) return { text: "", remote: false };
  const known = flows.every(({ text }) => text !== null);
  return {
    text: known ? flows.map(({ text }) => text ?? "").join("") : unclear.text,
    remote: flows.some(({ remote }) => remote),
  };
}
