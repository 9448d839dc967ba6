import { find, type Call, type Flow, type Inspection, silent, unclear } from "./inspection.ts";
import { split, unknown } from "./marks.ts";
import { distinct } from "./parameters.ts";
import { absolute } from "./paths.ts";

/** Names of shells. */
export const shellNames = /^(?:ba|da|z|k|mk|pdk|a|fi|c|tc|r|ra)?sh$|^pwsh$/;
const longFlags = /^-(?:norc|noprofile|login|posix|restricted|verbose|debugger)$/;

/** A shell's words, as it reads them. */
interface Reading {
  /** Texts to run: the one it runs, and ones that it might. */
  readonly texts: readonly string[];
  /** What stands behind its options. */
  readonly rest: readonly string[];
  readonly options: readonly string[];
}

function read(args: readonly string[]): Reading {
  const texts: string[] = [];
  let at = 0;
  let wants = -1;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const glued = /^--?(?:init-)?command=(.*)$|^-[a-zA-Z]*c([a-zA-Z]*[^a-zA-Z].*)$/is.exec(arg);
    if (arg === "-" || arg === "--") {
      at += 1;
      break;
    }
    if (glued !== null) texts.push(glued[1] ?? glued[2] ?? "");
    else if (/^--?(?:init-)?command$/i.test(arg)) wants = at;
    else if (/^--?(?:rcfile|init-file)$/.test(arg)) at += 1;
    else if (longFlags.test(arg)) continue;
    else if (/^[-+][a-zA-Z]+$/.test(arg)) {
      if (arg.includes("c")) wants = at;
      // Each o takes a word of its own.
      at += arg.match(/o/gi)?.length ?? 0;
    } else if (!arg.startsWith("--")) break;
  }
  const rest = args.slice(at);
  if (wants !== -1) texts.unshift(...distinct([rest[0], args[wants + 1]].filter((each) => each !== undefined)));
  return { texts, rest, options: args.slice(0, at) };
}

/** `sh -c …`, `sh file`, `… | sh`. */
export function shell({ args, input, source }: Call, inspection: Inspection): Flow | null {
  const { texts, rest, options } = read(args);
  // `--rcfile` and the like.
  for (const option of options) {
    const content = writtenFile(option, input, inspection);
    if (content !== null && option.includes("/") && !isInput(option)) runText(content, source, inspection);
  }
  if (texts.length > 0) {
    for (const [index, value] of rest.slice(1).entries()) inspection.variables.set(String(index), [value]);
    if (rest.length > 1) inspection.variables.set("@", [rest.slice(2).join(split)]);
    const [flow = unclear] = texts.map((text) => runText({ text, remote: false }, source, inspection));
    return flow;
  }
  const [file] = rest;
  if (file === undefined || isInput(file) || options.some((each) => /^-[a-zA-Z]*s/.test(each)))
    return input === null ? silent : runText(input, source, inspection);
  const content = writtenFile(file, input, inspection);
  if (content !== null) return runText(content, source, inspection);
  if (file.includes(unknown) || file.startsWith("/dev/fd/")) find(inspection, "hidden_code", source);
  return unclear;
}

/** Whether a file's name stands for what is piped in. */
export function isInput(file: string): boolean {
  return /^(?:-|\/dev\/(?:stdin|fd\/0)|\/proc\/self\/fd\/0)$/.test(file);
}

/** What a file holds, where this very command wrote it or pipes it in. */
export function writtenFile(file: string, input: Flow | null, inspection: Inspection): Flow | null {
  return (isInput(file) ? input : inspection.files.get(absolute(inspection.cwd, file))) ?? null;
}

/** Text that a shell runs. */
export function runText({ text, remote }: Flow, source: string, inspection: Inspection): Flow {
  const fetched = remote || ((text === null || text.includes(unknown)) && /\b(?:curl|wget|fetch)\b/.test(source));
  if (fetched) find(inspection, "remote_code", source);
  else if (text === null || isHidden(text)) find(inspection, "hidden_code", source);
  return text === null ? unclear : inspection.shell(text);
}

/** A text of which the beginning of a command is unknown. */
function isHidden(text: string): boolean {
  return /(?:^|[;&|\n(]\s*)[^\s;&|]*\uFFFF/.test(text);
}
