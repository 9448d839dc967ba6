import { type Call, find, type Flow, type Inspection } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { commandStarts, type Leading, valuesOf, worthFollowing } from "./options.ts";
import { runText, writtenFile } from "./shells.ts";

/** Items of an input that are followed one by one. */
const mostItems = 16;

/** Commands that take a command in a word, over a connection, or piece by piece from their input. */
export function handed(call: Call, inspection: Inspection): Flow | null {
  const { name, args, input, source } = call;
  switch (name) {
    case "eval":
      return runText({ text: args.join(" "), remote: false }, source, inspection);
    case "trap":
      return inspection.shell(args.filter((each, index) => index > 0 || each !== "--")[0] ?? "");
    case "watch":
      return watched(call, inspection);
    case "su":
    case "runuser":
    case "script":
    case "sg":
      return asAnother(call, inspection);
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
      return fromInput(call, inspection);
    case "parallel":
    case "sem":
      return inParallel(call, inspection);
    case "ssh":
    case "mosh":
      return remoteShell(call, inspection);
    default:
      return null;
  }
}

/** Runs a text, or with `-x` the words as they are. */
function watched({ args, input, source }: Call, inspection: Inspection): Flow {
  const starts = commandStarts(args, { valued: "-n -q --interval --equexit", flags: "bcdegtprwxC" });
  const [likely = args.length, ...others] = starts;
  const words = args.slice(0, likely).some((each) => /^-\w*x|^--ex/.test(each));
  const run = (start: number): Flow =>
    words ? inspection.call(args.slice(start), input, source) : inspection.shell(args.slice(start).join(" "));
  for (const start of worthFollowing(args, others, inspection)) run(start);
  return run(likely);
}

/** `su -c …`, `script -c …`, and the words of `runuser -u NAME …`. */
function asAnother({ name, args, input, source }: Call, inspection: Inspection): Flow | null {
  const [first, ...more] = valuesOf(args, "c", /^--(?:c|session-c)/).map((each) => inspection.shell(each));
  if (first !== undefined) return more.at(-1) ?? first;
  if (name === "sg") return inspection.shell(args[1] ?? "");
  const starts = commandStarts(args, { valued: "-u -g -G -s -w --user --group --shell -I -O -B -T -t -m -E", skip: 1 });
  for (const start of worthFollowing(args, starts, inspection)) inspection.call(args.slice(start), input, source);
  return input === null ? null : runText(input, source, inspection);
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

const xargs: Leading = {
  valued: "-a -d -E -I -J -L -n -P -R -s -S --arg-file --delimiter --max-args --max-chars --max-procs --process-slot-var",
  flags: "0oprtxiel",
};

/** `xargs`: its input becomes arguments. */
function fromInput({ args, input, source }: Call, inspection: Inspection): Flow {
  const [likely = args.length, ...others] = commandStarts(args, xargs);
  const options = args.slice(0, likely);
  const [file] = valuesOf(options, "a", /^--ar/);
  const text = (file === undefined ? input : writtenFile(file, input, inspection))?.text ?? unknown;
  // Quotes are taken away, unless the input is cut at one sign: both are looked at.
  const words = text.split(/[\s\u0000]+/).filter(Boolean);
  const lines = text.split(/[\n\u0000]/).map((each) => each.trim().replaceAll(/["'\\]/g, ""));
  // `-i` and `--replace` take none but what is glued to them.
  const marked = options.filter((each) => !/^-[^-IJ]*i$|^--rep[^=]*$/.test(each));
  const [mark = "{}"] = valuesOf(marked, "iIJ", /^--rep/).filter((each) => each !== "" && !/^\d+$/.test(each));
  const run = (begin: readonly string[]): Flow => {
    if (!begin.some((each) => each.includes(mark))) {
      if (lines.length < mostItems && lines.some((each) => /\s/.test(each))) inspection.call([...begin, ...lines], null, source);
      return inspection.call([...begin, ...words], null, source);
    }
    const items = lines.filter(Boolean);
    const followed = items.length > mostItems ? [...items.slice(0, mostItems), items.join(" ")] : items;
    const flows = followed.map((item) =>
      inspection.call(
        begin.map((each) => each.replaceAll(mark, item)),
        null,
        source,
      ),
    );
    return flows[0] ?? inspection.call(begin, null, source);
  };
  for (const start of worthFollowing(args, others, inspection)) run(args.slice(start));
  return run(likely < args.length ? args.slice(likely) : ["echo"]);
}

const parallel: Leading = {
  valued:
    "-j -n -N -L -P -S -a -I --jobs --max-args --max-procs --arg-file --colsep --delay --joblog --timeout --retries --sshlogin --tmpdir --workdir",
  flags: "0kmqtuvxX",
};

/** `parallel`: each item of its input, or behind `:::`, into a text that a shell runs. */
function inParallel({ name, args, input, source }: Call, inspection: Inspection): Flow | null {
  const cut = args.findIndex((each) => /^:{3,4}\+?$/.test(each));
  const own = cut === -1 ? args : args.slice(0, cut);
  const given =
    cut === -1 ? (input?.text?.split("\n") ?? [unknown]) : args.slice(cut + 1).filter((each) => !/^:{3,4}\+?$/.test(each));
  const items = name === "sem" ? [""] : given.filter(Boolean);
  const [likely = own.length, ...others] = commandStarts(own, parallel);
  const run = (start: number): Flow | null => {
    const template = own.slice(start).join(" ");
    const texts = items.slice(0, mostItems).map((item) => {
      const filled = template.replaceAll(/\{[^{}\s]*\}/g, () => item);
      return template === filled ? `${template} ${item}` : filled;
    });
    if (template === "" && texts.some((each) => each.includes(unknown))) find(inspection, "hidden_code", source);
    return texts.map((each) => inspection.shell(each))[0] ?? null;
  };
  for (const start of worthFollowing(own, others, inspection)) run(start);
  return run(likely);
}

const ssh: Leading = {
  valued: "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w",
  flags: "46AaCfGgKkMNnqsTtVvXxYy",
};

/** `ssh host …`; options may stand on both sides of the host. */
function remoteShell({ args, source }: Call, inspection: Inspection): Flow | null {
  for (const option of valuesOf(args, "o", /^--ssh/)) {
    const local = /^(?:Proxy|Local|Remote)Command[= ]\s*(.*)$/is.exec(option);
    if (local !== null) inspection.shell(local[1] ?? "");
  }
  const [host = args.length] = commandStarts(args, ssh);
  const rest = args.slice(host + 1);
  const [start = rest.length] = commandStarts(rest, ssh);
  const command = rest.slice(start).join(" ");
  return command === "" ? null : { ...inspection.shell(command), remote: source !== "" };
}
