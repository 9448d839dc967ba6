import { type Call, find, type Flow, type Inspection, silent, unclear } from "./inspection.ts";
import { split, unknown } from "./marks.ts";
import { distinct } from "./parameters.ts";
import { likeGlob } from "./globs.ts";
import { absolute } from "./paths.ts";
import { programOf } from "./programs.ts";

/** A command that runs the command behind it: options that take a value, and words before the command. */
interface Wrapper {
  readonly valued: string;
  readonly skip?: number;
  /** `NAME=value` may stand before the command. */
  readonly assigns?: true;
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  sudo: { valued: "-u -g -h -p -C -T -r -t -U -D -R --user --group --prompt --chdir", assigns: true },
  doas: { valued: "-u -C" },
  pkexec: { valued: "--user" },
  env: { valued: "-u -C --unset --chdir", assigns: true },
  nohup: { valued: "" },
  setsid: { valued: "" },
  time: { valued: "-f -o" },
  nice: { valued: "-n --adjustment" },
  ionice: { valued: "-c -n -p -P -u" },
  stdbuf: { valued: "-i -o -e" },
  timeout: { valued: "-s -k --signal --kill-after", skip: 1 },
  gtimeout: { valued: "-s -k", skip: 1 },
  chrt: { valued: "", skip: 1 },
  taskset: { valued: "", skip: 1 },
  command: { valued: "" },
  builtin: { valued: "" },
  exec: { valued: "-a" },
  noglob: { valued: "" },
  nocorrect: { valued: "" },
  strace: { valued: "-e -o -p -s -u -P" },
  ltrace: { valued: "-e -o -p -s -u -n" },
  flock: { valued: "-w -E -c --timeout", skip: 1 },
  unshare: { valued: "-S -G -R -w" },
  chroot: { valued: "", skip: 1 },
  nsenter: { valued: "-t -S -G" },
  "systemd-run": { valued: "-u -p -E -M -H --unit --property" },
  "systemd-inhibit": { valued: "" },
  busybox: { valued: "" },
  toybox: { valued: "" },
  proot: { valued: "-r -b -w -q" },
  fakeroot: { valued: "" },
  fakechroot: { valued: "" },
  firejail: { valued: "" },
  bwrap: { valued: "" },
  "xvfb-run": { valued: "-n -s -e -f" },
  "dbus-run-session": { valued: "--config-file" },
  caffeinate: { valued: "-t -w" },
  setarch: { valued: "", skip: 1 },
  unbuffer: { valued: "" },
  rlwrap: { valued: "" },
  catchsegv: { valued: "" },
  setpriv: { valued: "" },
  prlimit: { valued: "" },
  cpulimit: { valued: "-l -p" },
  eatmydata: { valued: "" },
  torsocks: { valued: "" },
  proxychains: { valued: "-f" },
  proxychains4: { valued: "-f" },
  "--": { valued: "" },
};

const shells = /^(?:ba|da|z|k|mk|pdk|a|fi|c|tc|r|ra)?sh$|^pwsh$/;

/** Looks through a command at what it would run. Null: it is itself what runs. */
export function unwrap(call: Call, written: string, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (written === "{" || written === "}") return inspection.call(args, input, source);
  if (args[0] === "{" && args.length > 1) return inspection.call(args.slice(1), input, source);
  if (name === "function" && args.length > 1) return inspection.call(args.slice(args[1] === "{" ? 2 : 1), input, source);
  if (uncertain(call, written, inspection)) return unclear;
  const fixed = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
  if (fixed !== undefined) return wrapped(call, fixed, inspection);
  if (shells.test(name)) return shell(call, inspection);
  return words(call, inspection) ?? builtins(call, inspection) ?? programOf(call, written, inspection);
}

function wrapped(call: Call, { valued, skip = 0, assigns }: Wrapper, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (name === "command" && /^-[vV]$/.test(args[0] ?? "")) return null;
  const text = shellText(name, args);
  if (text !== null) return inspection.shell(text);
  const taking = new Set(valued.split(" "));
  let left = skip;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (taking.has(arg)) at += 1;
    else if (assigns === true && /^[A-Za-z_]\w*=/.test(arg)) setVariable(arg, inspection);
    else if (!arg.startsWith("-") || arg === "-") {
      if (left === 0) break;
      left -= 1;
    }
  }
  return at < args.length ? inspection.call(args.slice(at), input, source) : null;
}

/** `env -S "…"` and `flock … -c "…"`: shell text after all. */
function shellText(name: string, args: readonly string[]): string | null {
  const option = { env: /^(?:-S|--split-string=?)/, flock: /^(?:-c|--command)$/ }[name];
  const at = option === undefined ? -1 : args.findIndex((each) => option.test(each));
  return option === undefined || at === -1 ? null : [(args[at] ?? "").replace(option, ""), ...args.slice(at + 1)].join(" ");
}

function setVariable(text: string, inspection: Inspection): void {
  const cut = text.indexOf("=");
  const name = text.slice(0, cut).replace(/\+$/, "");
  inspection.variables.set(name, distinct([...(inspection.variables.get(name) ?? []), text.slice(cut + 1)]));
}

/** Names that a pattern for a command's name may come to mean. */
const meant =
  "rm dd mkfs shred chmod chown sh bash zsh dash curl wget kill pkill reboot shutdown sudo eval python python3 perl nc".split(
    " ",
  );

/** A command whose name is only known when it runs. */
function uncertain({ args, input, source }: Call, written: string, inspection: Inspection): boolean {
  if (written.includes(unknown)) {
    find(inspection, "hidden_code", source);
    return true;
  }
  if (!/[*?[]/.test(written) || /^\[\[?$/.test(written)) return false;
  find(inspection, "hidden_code", source);
  const fits = likeGlob(written.replace(/^.*\//s, ""));
  for (const name of written.length < 100 ? meant.filter(fits) : []) inspection.call([name, ...args], input, source);
  return true;
}

/** `sh -c …`, `sh file`, `… | sh`. */
function shell({ args, input, source }: Call, inspection: Inspection): Flow | null {
  const command = args.findIndex((each) => /^[-+][a-zA-Z]*c$/.test(each) || each === "-Command" || each === "--command");
  if (command !== -1) {
    const rest = args
      .slice(command + 1)
      .filter((each, index, all) => !(each === "--" && index === 0) && !(index < all.length - 1 && /^-[a-z]+$/.test(each)));
    for (const [index, value] of rest.slice(1).entries()) inspection.variables.set(String(index), [value]);
    if (rest.length > 1) inspection.variables.set("@", [rest.slice(2).join(split)]);
    return runText({ text: rest[0] ?? "", remote: false }, source, inspection);
  }
  const file = args.find((each, index) => !/^[-+]/.test(each) && !/^[-+]O$/.test(args[index - 1] ?? ""));
  const fromInput = file === undefined || args.includes("-s") || file === "/dev/stdin";
  if (fromInput) return input === null ? silent : runText(input, source, inspection);
  const content = inspection.files.get(absolute(inspection.cwd, file));
  if (content !== undefined) return runText(content, source, inspection);
  if (file.includes(unknown) || file.startsWith("/dev/fd/")) find(inspection, "hidden_code", source);
  return unclear;
}

/** Text that a shell runs. */
function runText({ text, remote }: Flow, source: string, inspection: Inspection): Flow {
  const fetched = remote || ((text === null || text.includes(unknown)) && /\b(?:curl|wget|fetch)\b/.test(source));
  if (fetched) find(inspection, "remote_code", source);
  else if (text === null || isHidden(text)) find(inspection, "hidden_code", source);
  return text === null ? unclear : inspection.shell(text);
}

/** A text of which the beginning of a command is unknown. */
function isHidden(text: string): boolean {
  return /(?:^|[;&|\n(]\s*)[^\s;&|]*\uFFFF/.test(text);
}

/** Commands that take shell text in their words. */
function words({ name, args, input, source }: Call, inspection: Inspection): Flow | null {
  switch (name) {
    case "eval":
      return runText({ text: args.join(" "), remote: false }, source, inspection);
    case "trap":
    case "watch":
      return inspection.shell(
        (name === "trap" ? args.slice(0, 1) : args.slice(args.findIndex((each) => !/^-|^[\d.]+$/.test(each)) >>> 0)).join(" "),
      );
    case "su":
    case "runuser":
    case "script":
    case "sg": {
      const command = args.findIndex((each) => /^-[a-z]*c$|^--(?:session-)?command$/.test(each));
      return command === -1
        ? input === null
          ? null
          : runText(input, source, inspection)
        : inspection.shell(args[command + 1] ?? "");
    }
    case "tmux":
    case "screen":
    case "dtach":
    case "abduco":
      for (const arg of args) if (arg.includes(" ")) inspection.shell(arg);
      return nestedWords(args, input, source, inspection, /^(?:-dm?S?|-[a-zA-Z]*m[a-zA-Z]*|--)$/);
    case "at":
    case "batch":
      return input === null ? null : runText(input, source, inspection);
    case "xargs":
    case "parallel":
      return fromInput({ name, args, input, source }, inspection);
    case "ssh":
    case "mosh":
      return remoteShell(args, source, inspection);
    default:
      return null;
  }
}

/** What follows an option such as `--`. */
function nestedWords(
  args: readonly string[],
  input: Flow | null,
  source: string,
  inspection: Inspection,
  mark: RegExp,
): Flow | null {
  const at = args.findIndex((each) => mark.test(each));
  const rest = at === -1 ? [] : args.slice(at + 1).filter((each, index) => index > 0 || !each.startsWith("-"));
  return rest.length > 0 ? inspection.call(rest, input, source) : null;
}

/** `xargs`: its input becomes arguments. */
function fromInput({ name, args, input, source }: Call, inspection: Inspection): Flow | null {
  const taking = /^-[aEILnPsdj]$/;
  let at = 0;
  while (at < args.length && (args[at] ?? "").startsWith("-")) at += taking.test(args[at] ?? "") ? 2 : 1;
  const replaced = /-I\s*(\S+)/.exec(args.slice(0, at).join(" "))?.[1] ?? "{}";
  const rest = args.slice(at).filter((each) => each !== ":::");
  const given = input?.text?.split(/[\s\u0000]+/).filter(Boolean) ?? [unknown];
  const begin = rest.length === 0 && name === "xargs" ? ["echo"] : rest;
  const made = begin.some((each) => each.includes(replaced))
    ? begin.flatMap((each) => (each === replaced ? given : [each.replaceAll(replaced, given[0] ?? "")]))
    : [...begin, ...given];
  if (name === "parallel" && begin.length === 1) inspection.shell(begin[0] ?? "");
  return inspection.call(made, null, source);
}

const sshValued = /^-[bcDEeFIiJLlmOopQRSWw]$/;

function remoteShell(args: readonly string[], source: string, inspection: Inspection): Flow | null {
  let at = 0;
  while (at < args.length && (args[at] ?? "").startsWith("-")) at += sshValued.test(args[at] ?? "") ? 2 : 1;
  const command = args.slice(at + 1).join(" ");
  return command === "" ? null : { ...inspection.shell(command), remote: source !== "" };
}

/** Commands of the shell itself that change what later ones mean. */
function builtins({ name, args }: Call, inspection: Inspection): Flow | null {
  switch (name) {
    case "cd":
    case "pushd": {
      const to = args.find((each) => !/^-[LPe@]*$/.test(each) || each === "-") ?? "~";
      inspection.cwd = to === "-" ? `/${unknown}` : absolute(inspection.cwd, to);
      return silent;
    }
    case "export":
    case "declare":
    case "typeset":
    case "local":
    case "readonly":
      for (const arg of args) if (arg.includes("=")) setVariable(arg, inspection);
      return silent;
    case "alias":
      for (const arg of args) if (arg.includes("=")) alias(arg, inspection);
      return silent;
    case "set":
      for (const [index, value] of args.slice(args.indexOf("--") + 1).entries())
        inspection.variables.set(String(index + 1), [value]);
      if (args.includes("--")) inspection.variables.set("@", [args.slice(args.indexOf("--") + 1).join(split)]);
      return silent;
    case "read":
    case "mapfile":
    case "readarray":
    case "getopts":
      for (const arg of args) if (/^[A-Za-z_]\w*$/.test(arg)) inspection.variables.set(arg, [unknown]);
      return silent;
    case "for":
    case "select":
      inspection.variables.set(args[0] ?? "", distinct(args[1] === "in" ? args.slice(2) : [unknown]));
      return silent;
    default:
      return null;
  }
}

function alias(text: string, inspection: Inspection): void {
  const cut = text.indexOf("=");
  const body = text.slice(cut + 1);
  inspection.shell(body);
  inspection.variables.set(`alias ${text.slice(0, cut)}`, [body]);
}
