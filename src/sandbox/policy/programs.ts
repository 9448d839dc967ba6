import { type Call, find, type Flow, type Inspection, silent, unclear } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { absolute } from "./paths.ts";

const interpreter =
  /^(?:python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node(?:js)?|deno|bun|php[\d.]*|lua[\d.]*|luajit|rscript|osascript|tclsh|awk|gawk|mawk|nawk|groovy|julia|swift)$/;
/** Options behind which a program stands, by interpreter. */
const inlineOption = /^-[a-zA-Z]*[ceErR]$|^--(?:eval|print|command|source|run)$|^-p$/;

/** Programs written into a command, piped into an interpreter, in a file just written, or in another tool's way to run commands. */
export function programOf(call: Call, written: string, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (name === "." || name === "source") return sourced(args[0], source, inspection);
  const own = inspection.files.get(absolute(inspection.cwd, written));
  if (own !== undefined && written.includes("/")) return runFile(own, source, inspection, true);
  const aliased = inspection.variables.get(`alias ${written}`)?.[0];
  if (aliased !== undefined && !aliased.startsWith(`${written} `)) return inspection.shell(`${aliased} ${args.join(" ")}`);
  if (interpreter.test(name)) return interpreted(call, inspection);
  if (name === "find" || name === "fd" || name === "fdfind") return executed(call, inspection);
  return escapes(name, args, input, source, inspection);
}

function sourced(file: string | undefined, source: string, inspection: Inspection): Flow | null {
  if (file === undefined) return null;
  const content = inspection.files.get(absolute(inspection.cwd, file));
  if (content !== undefined) return runFile(content, source, inspection, true);
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

function interpreted({ name, args, input, source }: Call, inspection: Inspection): Flow {
  if (name.endsWith("awk")) {
    const program = args.join("\n");
    if (/\b(?:system|getline)\b|\|\s*"|"\s*\|/.test(program)) inspection.code(program.replaceAll(/\|\s*"/g, 'system "'), source);
    return unclear;
  }
  const at = args.findIndex((each) => inlineOption.test(each));
  if (at !== -1) {
    find(inspection, "inline_code", source);
    inspection.code(args.slice(at + 1).join("\n"), source);
    return unclear;
  }
  if (args.includes("-m") && /^(?:pip|ensurepip|venv|http\.server|smtpd)$/.test(args[args.indexOf("-m") + 1] ?? "")) {
    return inspection.call(args.slice(args.indexOf("-m") + 1), input, source);
  }
  const file = args.find((each) => !each.startsWith("-"));
  const content = file === undefined || args[0] === "-" ? input : inspection.files.get(absolute(inspection.cwd, file));
  if (content === undefined) {
    if (file?.includes(unknown) === true) find(inspection, "hidden_code", source);
    return unclear;
  }
  if (content === null) return silent;
  if (file === undefined || args[0] === "-")
    find(inspection, content.text === null ? (content.remote ? "remote_code" : "hidden_code") : "inline_code", source);
  return runFile(content, source, inspection, false);
}

/** `find … -exec`, and what `{}` stands for. */
function executed({ args, input, source }: Call, inspection: Inspection): Flow {
  const starts = args.slice(0, args.findIndex((each) => /^[-(!]/.test(each)) >>> 0).filter((each) => each !== "");
  const filtered = args.some((each) =>
    /^-(?:i?name|i?path|i?regex|m?time|m?min|newer|size|user|type|empty|perm|inum|maxdepth|prune)/.test(each),
  );
  const stands = (starts.length === 0 ? ["."] : starts).map((each) => (filtered ? `${each}/${unknown}` : each));
  for (let at = 0; at < args.length; at += 1) {
    if (!/^(?:-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(args[at] ?? "")) continue;
    const begin = at + 1;
    while (at < args.length && args[at] !== ";" && args[at] !== "+") at += 1;
    const words = args.slice(begin, at);
    inspection.call(
      words.flatMap((each) => (each === "{}" ? stands : [each.replaceAll("{}", stands[0] ?? "")])),
      input,
      source,
    );
  }
  return unclear;
}

/** Ways in which common tools run a command they are given. */
const runners: readonly (readonly [RegExp, RegExp])[] = [
  [/^g?tar$|^bsdtar$/, /^--(?:checkpoint-action=exec|to-command|use-compress-program|rsh-command)=(.*)$/s],
  [
    /^git$/,
    /^(?:alias\.\w+=!|core\.(?:pager|editor|sshCommand|fsmonitor|hooksPath)=|(?:diff|credential|filter)\.[\w.]+=!?)(.*)$/s,
  ],
  [/^(?:vi|vim|nvim|ex|view|ed)$/, /^[+:-]?c?\s*:?!(.*)$/s],
  [/^rsync$/, /^--rsh=(.*)$/s],
  [/^g?sed$/, /^(?:\d*|\$)?(?:e\s+|s(.).*\1.*\1[a-z]*e[a-z]*$)(.*)$/s],
  [/^(?:gdb|lldb)$/, /^(?:shell|!|platform shell|call system\()\s*(.*)$/s],
  [/^make$/, /^(?:SHELL|--eval)=(.*)$/s],
  [/^(?:psql|sqlite3|mysql|ftp|gnuplot)$/, /(?:\\!|\.shell|\.system|system)\s+(.*)$/s],
  [/^(?:npx|pnpx|bunx|uvx|pipx)$/, /^-c(.*)$/s],
];

function escapes(name: string, args: readonly string[], input: Flow | null, source: string, inspection: Inspection): Flow | null {
  for (const [names, pattern] of runners) {
    if (!names.test(name)) continue;
    for (const arg of args) {
      const command = arg.length < 10_000 ? pattern.exec(arg) : null;
      if (command !== null) inspection.shell(command.at(-1) ?? "");
    }
  }
  if (
    /^(?:docker|podman|nerdctl|kubectl|lxc|incus|machinectl|distrobox|toolbox|vagrant|multipass|flatpak-spawn|ssh-agent|entr|direnv|nix-shell|uv|poetry|pipenv|npx|pnpm|yarn|hatch|conda|mise|asdf|rbenv|pyenv|bundle|watchexec|nodemon|chronic|ts|run-one|daemonize|start-stop-daemon|firejail|bwrap|faketime|op|doppler|dotenv|aws-vault|sops|infisical)$/.test(
      name,
    )
  ) {
    return suffix(args, input, source, inspection);
  }
  return null;
}

const known =
  /^(?:.*\/)?(?:rm|sh|bash|zsh|dash|dd|mkfs\S*|chmod|chown|find|shred|curl|wget|python[\d.]*|perl|node|ruby|kill|pkill|killall|reboot|shutdown|sudo|env|eval|xargs)$/;

/** A tool that runs a command somewhere behind its own words. */
function suffix(args: readonly string[], input: Flow | null, source: string, inspection: Inspection): Flow | null {
  const at = args.findIndex((each) => known.test(each));
  return at === -1 ? null : inspection.call(args.slice(at), input, source);
}
