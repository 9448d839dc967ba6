import { fdRuns, searched } from "./deleting.ts";
import { type Call, find, type Flow, type Inspection, silent, unclear } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { absolute } from "./paths.ts";
import { agentMark, tellsAgent } from "./printed.ts";
import { escapes } from "./runners.ts";
import { isInput, writtenFile } from "./shells.ts";

const interpreter =
  /^(?:python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node(?:js)?|deno|bun|php[\d.]*|lua[\d.]*|luajit|rscript|osascript|tclsh|expect|awk|gawk|mawk|nawk|groovy|julia|swift)$/;
/** Options behind which a program stands, or to which it is glued; the first interpreter that fits. */
const inlineOptions: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:python|pypy)/, /^-[bBdEiIOPqRsSuvx]*c(.*)$/s],
  [/^perl/, /^-[acfilnpsStTuUwWX\d]*[eE](.*)$/s],
  [/^ruby/, /^-[aclnpsSwW\d]*e(.*)$/s],
  [/^php/, /^-[nq]*[rBRE](.*)$|^--(?:run|process-\w+)=?(.*)$/s],
  [/^(?:node|deno|bun)/, /^-[ip]*[pe](.*)$|^--(?:eval|print)=?(.*)$|^eval$/s],
  [/^expect$/, /^-c(.*)$/s],
  [/./, /^-[eE](.*)$|^--(?:eval|print|command|source|run)=?(.*)$/s],
];

/** Programs written into a command, piped into an interpreter, in a file just written, or in another tool's way to run commands. */
export function programOf(call: Call, written: string, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (name === "." || name === "source") return sourced(args[0] === "--" ? args[1] : args[0], input, source, inspection);
  const own = inspection.files.get(absolute(inspection.cwd, written));
  if (own !== undefined && written.includes("/")) return runFile(own, source, inspection, true);
  const aliased = inspection.variables.get(`alias ${written}`)?.[0];
  if (aliased !== undefined && !aliased.startsWith(`${written} `)) return inspection.shell(`${aliased} ${args.join(" ")}`);
  if (interpreter.test(name)) return interpreted(call, inspection);
  if (name === "find" || name === "fd" || name === "fdfind") return executed(call, inspection);
  return escapes(call, inspection);
}

function sourced(file: string | undefined, input: Flow | null, source: string, inspection: Inspection): Flow | null {
  if (file === undefined) return null;
  const content = writtenFile(file, input, inspection);
  if (content !== null) return runFile(content, source, inspection, true);
  if (file.includes(unknown) || file.startsWith("/dev/fd/")) find(inspection, "hidden_code", source);
  return unclear;
}

/** A file whose content this command wrote or fetched. */
function runFile({ text, remote }: Flow, source: string, inspection: Inspection, asShell: boolean): Flow {
  if (remote) find(inspection, "remote_code", source);
  if (text === null) {
    if (!remote) find(inspection, "hidden_code", source);
    return unclear;
  }
  const script = asShell && !/^#!.*(?:python|perl|node|ruby|php)/.test(text);
  if (script) return inspection.shell(text);
  inspection.code(text, source);
  return unclear;
}

function interpreted(call: Call, inspection: Inspection): Flow {
  const { name, args, input, source } = call;
  if (name.endsWith("awk")) return byAwk(call, inspection);
  const option = inlineOptions.find(([names]) => names.test(name))?.[1];
  const at = args.findIndex((each) => option?.test(each) === true);
  if (at !== -1) {
    find(inspection, "inline_code", source);
    const glued = option?.exec(args[at] ?? "")?.slice(1) ?? [];
    inspection.code([...glued, ...args.slice(at + 1)].filter(Boolean).join("\n"), source);
    return unclear;
  }
  if (args.includes("-m") && /^(?:pip|ensurepip|venv|http\.server|smtpd)$/.test(args[args.indexOf("-m") + 1] ?? "")) {
    return inspection.call(args.slice(args.indexOf("-m") + 1), input, source);
  }
  return fromFile(call, inspection);
}

/** A program in a file, or piped in. */
function fromFile({ args, input, source }: Call, inspection: Inspection): Flow {
  const file = args.find((each) => !each.startsWith("-") || each === "-");
  const piped = file === undefined || isInput(file);
  const content = piped ? input : inspection.files.get(absolute(inspection.cwd, file));
  if (content === undefined) {
    if (file?.includes(unknown) === true) find(inspection, "hidden_code", source);
    return unclear;
  }
  if (content === null) return silent;
  if (piped) find(inspection, content.text === null ? (content.remote ? "remote_code" : "hidden_code") : "inline_code", source);
  return runFile(content, source, inspection, false);
}

/** awk runs the texts that it pipes to or from. */
function byAwk({ args, input, source }: Call, inspection: Inspection): Flow {
  const files = args.map((each) => writtenFile(each, input, inspection)?.text ?? "");
  const program = [...args, ...files].join("\n");
  if (/\b(?:system|getline)\b|\|\s*"|"\s*\|/.test(program)) inspection.code(`system ${program}`, source);
  return tellsAgent(args, input) ? { text: agentMark, remote: false } : unclear;
}

/** `find … -exec`, and what `{}` stands for. */
function executed({ name, args: given, input, source }: Call, inspection: Inspection): Flow {
  const args = given.flatMap((each) => /^(--exec(?:-batch)?)=(.*)$/s.exec(each)?.slice(1) ?? [each]);
  const { starts, filtered, shallow } = searched(name, args);
  const below = starts.map((each) => `${each}/${unknown}`);
  const stands = filtered ? below : shallow ? starts.map((each) => `${each}/*`) : starts;
  let prints = true;
  for (let at = 0; at < args.length; at += 1) {
    if (/^-(?:printf|fprint|ls$|delete$)/.test(args[at] ?? "")) prints = false;
    if (!(name === "find" ? /^-(?:exec|ok)(?:dir)?$/ : fdRuns).test(args[at] ?? "")) continue;
    prints = false;
    const begin = at + 1;
    while (at < args.length && args[at] !== ";" && args[at] !== "+") at += 1;
    const words = args.slice(begin, at);
    const filled = words.flatMap((each) => (each === "{}" ? stands : [each.replaceAll("{}", stands[0] ?? "")]));
    // fd puts what it found at the end by itself.
    const ends = name !== "find" && !words.some((each) => each.includes("{"));
    inspection.call(ends ? [...filled, ...stands] : filled, input, source);
  }
  return prints ? { text: [...stands, ...below].join("\n"), remote: false } : unclear;
}
