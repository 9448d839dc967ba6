import { builtins, setVariable } from "./builtins.ts";
import { likeGlob } from "./globs.ts";
import { handed } from "./handed.ts";
import { type Call, find, type Flow, type Inspection, unclear } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { commandStarts, type Leading, valuesOf, worthFollowing } from "./options.ts";
import { absolute } from "./paths.ts";
import { programOf } from "./programs.ts";
import { shell, shellNames } from "./shells.ts";

/** A command that runs the command behind it. */
interface Wrapper extends Leading {
  /** Its option to run in another folder. */
  readonly folder?: readonly [letter: string, long: RegExp];
}

const plain: Wrapper = { valued: "" };

const wrappers: Readonly<Record<string, Wrapper>> = {
  sudo: {
    valued:
      "-u -g -h -p -C -T -r -t -U -D -R --user --group --host --prompt --chdir --chroot --close-from --role --type --other-user --command-timeout",
    flags: "AbBEeHiKklNnPSsVv",
    assigns: true,
    folder: ["D", /^--chd/],
  },
  doas: { valued: "-u -C", flags: "nsL" },
  run0: { valued: "-u -g -D --user --group --property --chdir", folder: ["D", /^--chd/] },
  gosu: { ...plain, skip: 1 },
  "su-exec": { ...plain, skip: 1 },
  setuidgid: { ...plain, skip: 1 },
  pkexec: { valued: "--user" },
  env: {
    valued: "-u -C -a -P --unset --chdir --argv0",
    flags: "i0v",
    assigns: true,
    folder: ["C", /^--c/],
  },
  nohup: plain,
  setsid: { valued: "", flags: "cfw" },
  time: { valued: "-f -o --format --output", flags: "apqvV" },
  nice: { valued: "-n --adjustment" },
  ionice: { valued: "-c -n -p -P -u --class --classdata --pid --pgid --uid", flags: "t" },
  stdbuf: { valued: "-i -o -e --input --output --error" },
  timeout: { valued: "-s -k --signal --kill-after", flags: "vfp", skip: 1 },
  gtimeout: { valued: "-s -k --signal --kill-after", skip: 1 },
  chrt: { valued: "-T -P -D", flags: "abfimoprRv", skip: 1 },
  taskset: { valued: "", flags: "apc", skip: 1 },
  numactl: plain,
  command: { valued: "", flags: "pvV" },
  builtin: plain,
  exec: { valued: "-a", flags: "cl" },
  noglob: plain,
  nocorrect: plain,
  strace: { valued: "-e -o -p -s -u -P -a -b -E -I -O -S -X", flags: "AcCdDfFhiknNqrtTvVwxyYzZ" },
  ltrace: { valued: "-e -o -p -s -u -n" },
  perf: { ...plain, skip: 1 },
  valgrind: plain,
  flock: { valued: "-w -E --timeout --wait --conflict-exit-code", flags: "esxnuoFv", skip: 1 },
  unshare: { valued: "-S -G -R -w", flags: "mincuUTCprf" },
  chroot: { valued: "--userspec --groups", skip: 1 },
  nsenter: { valued: "-t -S -G", flags: "amuinpCUTFZ" },
  ip: { ...plain, skip: 3 },
  "systemd-run": {
    valued: "-u -p -E -M -H --unit --property --uid --gid --nice --description --slice --working-directory --setenv",
    flags: "rtPqGdS",
  },
  "systemd-inhibit": plain,
  busybox: plain,
  toybox: plain,
  proot: { valued: "-r -b -w -q" },
  fakeroot: plain,
  fakechroot: plain,
  firejail: plain,
  bwrap: { ...plain, most: 2 },
  "xvfb-run": { valued: "-n -s -e -f", flags: "al" },
  "dbus-run-session": { valued: "--config-file" },
  caffeinate: { valued: "-t -w", flags: "dimsu" },
  setarch: { valued: "", flags: "vRFZLXBIST3", skip: 1 },
  linux32: plain,
  linux64: plain,
  unbuffer: plain,
  rlwrap: plain,
  catchsegv: plain,
  setpriv: plain,
  prlimit: plain,
  cpulimit: { valued: "-l -p" },
  eatmydata: plain,
  torsocks: plain,
  proxychains: { valued: "-f" },
  proxychains4: { valued: "-f" },
  tini: { valued: "-p -e", flags: "gsvw" },
  "dumb-init": plain,
  "--": plain,
};

/** Looks through a command at what it would run. Null: it is itself what runs. */
export function unwrap(call: Call, written: string, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (written === "{" || written === "}") return inspection.call(args, input, source);
  if (args[0] === "{" && args.length > 1) return inspection.call(args.slice(1), input, source);
  if (name === "function" && args.length > 1) return inspection.call(args.slice(args[1] === "{" ? 2 : 1), input, source);
  if (uncertain(call, written, inspection)) return unclear;
  const fixed = Object.hasOwn(wrappers, name) ? wrappers[name] : /^ld-(?:linux|musl).*\.so/.test(name) ? plain : undefined;
  if (fixed !== undefined) return wrapped(call, fixed, inspection);
  if (shellNames.test(name)) return shell(call, inspection);
  return handed(call, inspection) ?? builtins(call, inspection) ?? programOf(call, written, inspection);
}

function wrapped(call: Call, wrapper: Wrapper, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  if (name === "command" && /^-[vV]$/.test(args[0] ?? "")) return null;
  const starts = commandStarts(args, wrapper);
  const likely = starts[wrapper.skip ?? 0] ?? args.length;
  const text = shellText(name, args, likely);
  if (text !== null) return inspection.shell(text);
  if (wrapper.assigns) for (const arg of args.slice(0, likely)) if (/^[A-Za-z_]\w*=/.test(arg)) setVariable(arg, inspection);
  const before = inspection.cwd;
  const [folder] = wrapper.folder === undefined ? [] : valuesOf(args.slice(0, likely), ...wrapper.folder);
  if (folder !== undefined) inspection.cwd = absolute(before, folder);
  for (const start of worthFollowing(args, starts, inspection))
    if (start !== likely) inspection.call(args.slice(start), input, source);
  const flow = likely < args.length ? inspection.call(args.slice(likely), input, source) : null;
  if (folder !== undefined) inspection.cwd = before;
  return flow;
}

/** `env -S "…"` and `flock … -c "…"`: shell text after all. Behind `end` options are those of the command that is run. */
function shellText(name: string, args: readonly string[], end: number): string | null {
  const option = { env: /^(?:-[iv0]*S|--s[a-z-]*=?)/, flock: /^(?:-c|--command)$/ }[name];
  const at = option === undefined ? -1 : args.slice(0, end).findIndex((each) => option.test(each));
  if (option === undefined || at === -1) return null;
  const [glued, ...rest] = [(args[at] ?? "").replace(option, ""), ...args.slice(at + 1)];
  const [first = "", ...more] = glued === "" ? rest : [glued, ...rest];
  // `\_` is a blank to env; the words behind its text stay words.
  return [first.replaceAll(String.raw`\_`, " "), ...more.map((each) => `'${each.replaceAll("'", `'\\''`)}'`)].join(" ");
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
