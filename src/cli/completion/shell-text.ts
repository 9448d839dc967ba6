import type { Branch, Values } from "./tree.ts";

/** The functions that look something up in the tree, alike in bash and zsh; `names`: what counts at a command, in that shell's lists. */
export function lookups(branches: readonly Branch[], names: (branch: Branch) => string): string {
  return `_hermes_path() {
  case $1 in
  ${pathCases(branches)}) return 0 ;;
  esac
  return 1
}

_hermes_branch() {
  case $1 in
${cases(branches, names)}
  esac
}

_hermes_option() {
  case "$1:$2" in
${optionCases(branches)}
  esac
}

_hermes_argument() {
  case "$1:$2" in
${argumentCases(branches)}
  esac
}`;
}

/** Words of a shell's `case`: what counts at each command. */
function cases(branches: readonly Branch[], line: (branch: Branch) => string): string {
  return branches.map((branch) => `  ${quoted(branch.path)}) ${line(branch)} ;;`).join("\n");
}

/** Which options take a value, and what value. */
function optionCases(branches: readonly Branch[]): string {
  return branches
    .flatMap(({ path, options }) =>
      options.flatMap(({ name, value }) =>
        value === null ? [] : [`  ${quoted(`${path}:${name}`)}) value=${quoted(codeOf(value))} ;;`],
      ),
    )
    .join("\n");
}

/** What stands at a command's arguments, counted from 1; `+` for all that follow. */
function argumentCases(branches: readonly Branch[]): string {
  return branches
    .flatMap(({ path, args }) =>
      args.flatMap((each, at) =>
        each.type === "nothing"
          ? []
          : [`  ${quoted(`${path}:${at + 1}`)}${each.many ? `|${quoted(`${path}:`)}*` : ""}) value=${quoted(codeOf(each))} ;;`],
      ),
    )
    .join("\n");
}

/** The words that may be the next of a command's path. */
function pathCases(branches: readonly Branch[]): string {
  const paths = branches.flatMap(({ path }) => (path === "" ? [] : [quoted(path)]));
  return paths.join("|");
}

/** As a value is told to the shell's function: `files`, `words a b`, `look kind`; `none`: there is one, but nobody knows which. */
function codeOf(values: Values): string {
  switch (values.type) {
    case "nothing":
      return "none";
    case "files":
      return "files";
    case "words":
      return `words ${values.words.join(" ")}`;
    case "looked-up":
      return `look ${values.kind}`;
  }
}

/** In single quotes, for any shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
