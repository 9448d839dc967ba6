import { type Call, find, type Inspection } from "./inspection.ts";
import { unknown } from "./marks.ts";
import { commandStarts, type Leading, valuesOf } from "./options.ts";
import { absolute, isWholeSystem } from "./paths.ts";

/** Notes what a command deletes, empties or overwrites. */
export function checkDeleting(call: Call, inspection: Inspection): void {
  const { name, args, source } = call;
  const dashes = args.indexOf("--");
  const targets = args.filter((each, index) => !each.startsWith("-") || (dashes !== -1 && index > dashes));
  const whole = targets.some((each) => isWholeSystem(absolute(inspection.cwd, each)));
  switch (name) {
    case "rm":
    case "grm":
    case "srm":
    case "rmtrash":
    case "trash":
      removed(call, targets, whole, inspection);
      return;
    case "rmdir":
    case "unlink":
      if (whole) find(inspection, "delete_root", source, true);
      return;
    case "del":
    case "rd":
      if (args.some((each) => /^\/[sq]$/i.test(each))) find(inspection, "delete_tree", source);
      return;
    case "shred":
    case "wipe":
      find(
        inspection,
        targets.some((each) => /^\/dev\/(?!null|stdin|fd)/.test(each)) ? "format_disk" : "delete_many",
        source,
        targets.some((each) => /^\/dev\/(?!null|stdin|fd)/.test(each)),
      );
      return;
    case "truncate":
      if (targets.some((each) => /[*?]/.test(each)) || args.some((each) => /^-s ?0$|^--size=0$/.test(each)) || args.includes("0"))
        find(inspection, "delete_many", source);
      return;
    case "find":
      found(call, inspection);
      return;
    case "rsync":
      if (args.some((each) => /^--(?:del|remove-s)/.test(each))) deletes(targets.slice(-1), source, inspection);
      return;
    case "tar":
    case "gtar":
      if (args.some((each) => each.startsWith("--remove"))) deletes(targets, source, inspection);
      return;
    case "mv":
      if (targets.slice(0, -1).some((each) => isWholeSystem(absolute(inspection.cwd, each))))
        find(inspection, "delete_root", source, true);
      else if (targets.at(-1) === "/dev/null") find(inspection, "delete_many", source);
      return;
    case "chmod":
    case "chown":
    case "chgrp":
      // As good as deleted: nothing starts any more.
      if (whole && args.some((each) => /^-\w*R|^--rec/.test(each))) find(inspection, "permissions", source, true);
      return;
    case "git":
      if (targets[0] === "rm" && args.some((each) => /^-\w*r/.test(each))) find(inspection, "delete_tree", source);
      return;
    case "gsutil":
    case "s3cmd":
    case "rclone":
      if (/\b(?:rm|del|delete|purge|rb)\b/.test(args.join(" ").slice(0, 2_000))) find(inspection, "delete_tree", source);
      return;
    case "docker":
      if (/\bprune\b|\bvolume rm\b/.test(args.join(" ").slice(0, 2_000))) find(inspection, "delete_many", source);
  }
}

function removed({ args, source }: Call, targets: readonly string[], whole: boolean, inspection: Inspection): void {
  const recursive = args.some((each) => /^-\w*[rR]|^--(?:r|no-p)[a-z-]*$/.test(each));
  if (whole && (recursive || targets.some((each) => /[*?[]/.test(each)))) find(inspection, "delete_root", source, true);
  if (recursive) find(inspection, "delete_tree", source);
  else if (targets.some((each) => /[*?[{]/.test(each) || each.includes(unknown)) || targets.length > 20)
    find(inspection, "delete_many", source);
}

function found({ args, source }: Call, inspection: Inspection): void {
  if (!args.some((each) => /^-(?:delete|fprintf?|fls)$/.test(each))) return;
  const { starts, filtered } = searched("find", args);
  if (!filtered && starts.some((each) => isWholeSystem(absolute(inspection.cwd, each))))
    find(inspection, "delete_root", source, true);
  find(inspection, "delete_many", source);
}

/** Where a search begins, and whether it tells all that is there. */
interface Search {
  readonly starts: readonly string[];
  /** It picks some of what is there. */
  readonly filtered: boolean;
  /** It goes no deeper than what lies in the folder itself. */
  readonly shallow: boolean;
}

const picks =
  /^-(?:i?name|i?path|i?wholename|i?regex|[amc]time|[amc]min|newer\w*|[ac]newer|size|user|group|empty|perm|inum|links|prune)$/;

/** What `find` and `fd` go through. What is picked by *not* having a name is as good as all. */
export function searched(name: string, args: readonly string[]): Search {
  if (name !== "find") return searchedByFd(args);
  const begin = args.findIndex((each, index) => !/^-(?:[HLPD]|O\d?|-)?$/.test(each) && args[index - 1] !== "-D");
  const rest = begin === -1 ? [] : args.slice(begin);
  const starts = rest.slice(0, rest.findIndex((each) => /^[-(!]/.test(each)) >>> 0).filter((each) => each !== "");
  return {
    starts: starts.length === 0 ? ["."] : starts,
    filtered: rest.some((each, index) => picks.test(each) && !/^(?:!|-not)$/.test(rest[index - 1] ?? "")),
    shallow: rest.includes("-maxdepth"),
  };
}

/** A command that `fd` runs begins behind one of these. */
export const fdRuns = /^(?:-[^-e]*[xX]|--exec(?:-batch)?)$/;

const fd: Leading = {
  valued:
    "-C -d -t -e -S -E -c -j -o --and --base-directory --batch-size --changed-after --changed-before --changed-within --color --exact-depth --exclude --extension --format --ignore-file --max-depth --max-results --min-depth --newer --older --owner --path-separator --search-path --size --threads --type",
};

function searchedByFd(args: readonly string[]): Search {
  const own = args.slice(0, args.findIndex((each) => fdRuns.test(each)) >>> 0);
  const [pattern = ".", ...folders] = commandStarts(own, { ...fd, skip: own.length }).map((at) => own[at] ?? "");
  const starts = [...folders, ...valuesOf(own, "C", /^--(?:base-directory|search-path)$/)];
  return {
    starts: starts.length === 0 ? ["."] : starts,
    filtered:
      !["", "."].includes(pattern) ||
      own.some((each) => /^-[eSo]|^--(?:and|extension|size|owner|changed|newer|older)/.test(each)),
    shallow: false,
  };
}

/** Notes the deletion of folders. */
export function deletes(targets: readonly string[], source: string, inspection: Inspection): void {
  if (targets.some((each) => isWholeSystem(absolute(inspection.cwd, each)))) find(inspection, "delete_root", source, true);
  find(inspection, "delete_tree", source);
}
