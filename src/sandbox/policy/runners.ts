import type { Call, Flow, Inspection } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { valuesOf } from "./options.ts";
import { isInput, writtenFile } from "./shells.ts";

/** Words in which common tools are given a command. */
const inWords: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^git$/,
    /^(?:alias\.\w+=!|core\.(?:pager|editor|sshCommand|fsmonitor|hooksPath|askPass|gitProxy)=|(?:diff|credential|filter|merge|mergetool|difftool|gpg|pager|sequence)\.[\w.-]+=!?)(.*)$/is,
  ],
  [/^(?:vi|vim|nvim|ex|view|ed)$/, /^[^!]*!(.*?)["']?$/s],
  [/^g?sed$/, /^(?:\d*|\$)!?e\s+(.*)$/s],
  [/^(?:gdb|lldb)$/, /^(?:shell|!|platform shell|call system\()\s*(.*)$/s],
  [/^make$/, /^SHELL=(.*)$/s],
  [/^(?:psql|sqlite3|mysql|ftp|gnuplot)$/, /(?:\\!|\.shell|\.system|system)\s+(.*)$/s],
  [/^(?:npx|pnpx|bunx|uvx|pipx)$/, /^-c(.*)$/s],
  [/^hyperfine$/, /^([^-].*)$/s],
];

/** Options with which common tools are given a command. */
const inOptions: readonly (readonly [names: RegExp, letters: string, long: RegExp])[] = [
  [/^g?tar$|^bsdtar$/, "IF", /^--(?:to|use|check|rsh|rmt|info|new)/],
  [/^rsync$/, "e", /^--(?:rsh|rsync-p)/],
  [/^git$/, "x", /^--(?:exe|extc|upload-p|receive-p|\w+-filter|setup)/],
  [/^man$/, "P", /^--pag/],
  [/^split$/, "", /^--fi/],
  [/^sort$/, "", /^--compress/],
  [/^zip$/, "", /^--unzip/],
];

/** Commands given to tools that are not made for it, or not only. */
export function escapes(call: Call, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  for (const [, pattern] of inWords.filter(([names]) => names.test(name))) {
    for (const arg of args) {
      const command = arg.length < 10_000 ? pattern.exec(arg) : null;
      if (command !== null) inspection.shell(command.at(-1) ?? "");
    }
  }
  for (const [, letters, long] of inOptions.filter(([names]) => names.test(name)))
    for (const value of valuesOf(args, letters, long)) inspection.shell(value.replace(/^exec=/, ""));
  if (/^g?sed$/.test(name)) for (const arg of args) substituted(arg, inspection);
  if (name === "git") handedOn(args, inspection);
  if (name === "make" || name === "gmake") made(call, inspection);
  if (/^(?:vim?|nvim|ex|view|ed|emacs)$/.test(name)) edited(call, inspection);
  return runsSuffix.test(name) ? suffix(args, input, source, inspection) : null;
}

/** `s/…/command/e`, with any sign in place of the slashes. */
function substituted(script: string, inspection: Inspection): void {
  const [, sign = ""] = /^[\d,$]*s([^\w\s])/.exec(script) ?? [];
  const [, , command = "", flags = ""] = sign === "" ? [] : script.replaceAll(`\\${sign}`, unknown).split(sign);
  if (flags.includes("e")) inspection.shell(command.replaceAll(unknown, sign));
}

/** `git bisect run …`, `git submodule foreach …`. */
function handedOn(args: readonly string[], inspection: Inspection): void {
  const at = args.findIndex((each) => each === "run" || each === "foreach");
  if (at !== -1)
    inspection.shell(
      args
        .slice(at + 1)
        .filter((each) => each !== "--recursive")
        .join(" "),
    );
}

/** A makefile's lines that a shell runs; `$$` is the shell's own sign. */
function made({ args, input }: Call, inspection: Inspection): void {
  const files = [...valuesOf(args, "f", /^--(?:f|makef)/), "Makefile", "makefile", "GNUmakefile"];
  const texts = files.map((file) => (isInput(file) ? input : writtenFile(file, null, inspection))?.text ?? "");
  for (const line of [...texts, ...valuesOf(args, "E", /^--ev/)].join("\n").split("\n")) {
    for (const [, command = ""] of line.matchAll(/\$\(shell\s([^)]{0,2000})\)/g)) inspection.shell(command);
    const recipe = /^\t(.*)$|^[^\t#=:]*::?[^=;]*;(.*)$/.exec(line);
    if (recipe !== null) inspection.shell((recipe[1] ?? recipe[2] ?? "").replace(/^[\s@+-]+/, "").replaceAll("$$", "$"));
  }
}

/** `!command` in what an editor reads, and calls of its own language. */
function edited({ args, input, source }: Call, inspection: Inspection): void {
  for (const line of input?.text?.split("\n") ?? []) if (line.includes("!")) inspection.shell(line.slice(line.indexOf("!") + 1));
  for (const arg of args)
    if (/system|os\.execute|jobstart|termopen|shell-command|-process|-directory/.test(arg)) inspection.code(arg, source);
}

const runsSuffix =
  /^(?:docker|podman|nerdctl|kubectl|lxc|incus|machinectl|distrobox|toolbox|vagrant|multipass|flatpak-spawn|ssh-agent|entr|direnv|nix-shell|uv|poetry|pipenv|npx|pnpm|yarn|hatch|conda|mise|asdf|rbenv|pyenv|bundle|watchexec|nodemon|chronic|ts|run-one|daemonize|start-stop-daemon|firejail|bwrap|faketime|op|doppler|dotenv|aws-vault|sops|infisical)$/;
const known =
  /^(?:.*\/)?(?:rm|sh|bash|zsh|dash|dd|mkfs\S*|chmod|chown|find|shred|curl|wget|python[\d.]*|perl|node|ruby|kill|pkill|killall|reboot|shutdown|sudo|env|eval|xargs)$/;

/** A tool that runs a command somewhere behind its own words. */
function suffix(args: readonly string[], input: Flow | null, source: string, inspection: Inspection): Flow | null {
  const at = args.findIndex((each) => known.test(each));
  return at === -1 ? null : inspection.call(args.slice(at), input, source);
}
