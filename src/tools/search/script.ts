import { posix } from "node:path";
import type { Sandbox } from "../../core/sandbox.ts";
import { quoted } from "../../sandbox/shell-scripts.ts";
import { inWorkspace } from "../workspace.ts";
import { globsOf, posixPattern } from "./pattern.ts";

/** What to look for. */
export interface SearchWish {
  readonly pattern: string;
  readonly target: "content" | "files";
  readonly path: string;
  readonly glob: string;
  readonly mode: "content" | "files_only" | "count";
  readonly context: number;
  /** Lines of the result to leave out, and to give. */
  readonly offset: number;
  readonly limit: number;
}

/** Directories that nobody means, unless they are named. */
const skipped = [".git", "node_modules", ".hermes"];
/** Of a found line. */
const lineBytes = 500;

/**
 * A shell script that searches with what is there: ripgrep, GNU grep, or any other. Prints lines, or one that begins with `mark` for what
 * is wrong. Everything from outside stands in it as one quoted word.
 */
export function searchScript(sandbox: Sandbox, wish: SearchWish, mark: string): string {
  const place = relativeTo(sandbox, wish.path);
  const page = `cut -c1-${lineBytes} | tail -n +${wish.offset + 1} | head -n ${wish.limit + 1}`;
  const search = wish.target === "files" ? filesScript(wish, place) : contentScript(wish, place);
  const engine = wish.target === "files" ? "" : engineScript(wish, mark);
  return `${placeScript(sandbox, place, mark)}\n${engine}\n{\n${search}\n} | ${page}`;
}

/** The path as seen from the workspace, `./` before it, so that it can be taken for no option. */
function relativeTo(sandbox: Sandbox, path: string): string {
  const relative = posix.relative(sandbox.workspace, inWorkspace(sandbox, path));
  return relative === "" ? "." : `./${relative}`;
}

/** Goes to the workspace and leaves it for nothing: links are followed before the place is judged. */
function placeScript({ workspace }: Sandbox, place: string, mark: string): string {
  return `LC_ALL=C.UTF-8; export LC_ALL; unset GREP_OPTIONS GREP_COLORS
unset -f rg grep find cut head tail tr wc sort printf 2>/dev/null
cd -P -- ${quoted(workspace)} || exit
W=$(pwd -P); P=${quoted(place)}; H=; D=$P
if [ -d "$P" ]; then [ ! -L "$P" ] || H=-H
elif [ -f "$P" ] && [ ! -L "$P" ]; then D=\${P%/*}
else echo '${mark} missing'; exit; fi
R=$(cd -P -- "$D" 2>/dev/null && pwd -P)
case "$R/" in "$W"/*) ;; *) echo '${mark} outside'; exit;; esac`;
}

function filesScript({ pattern, glob }: SearchWish, place: string): string {
  const names = /[*?[{]/.test(pattern) || pattern === "" ? pattern || "*" : `*${pattern}*`;
  return `${findFiles(place, [names, ...(glob === "" ? [] : [glob])])} -print 2>/dev/null | sort`;
}

/** Chooses the first engine that is there and takes the pattern: G is its name, and the shell's own arguments how it is asked. */
function engineScript({ pattern }: SearchWish, mark: string): string {
  const posixForm = posixPattern(pattern);
  const extended =
    posixForm === null
      ? `printf '${mark} regex %s\\n' 'the grep here knows no look-around and no such escapes; write it more simply'; exit`
      : `set -- -E${posixForm.anyCase ? " -i" : ""} -e ${quoted(posixForm.pattern)}`;
  // Not every grep that says it knows Perl's patterns knows what stands before this one.
  const perl = pattern.startsWith("(?i)") ? `set -- -Pi -e ${quoted(pattern.slice(4))}` : `set -- -P -e ${quoted(pattern)}`;
  return `G=; B=tr
if rg --no-config --version >/dev/null 2>&1; then
  rg --no-config -q -e ${quoted(pattern)} /dev/null >/dev/null 2>&1
  [ $? -ge 2 ] || G=rg
fi
if [ -z "$G" ]; then
  if printf 'a\\n' | grep -qP a 2>/dev/null; then B=perl; ${perl}; else ${extended}; fi
  e=$(printf 'a\\n' | grep "$@" 2>&1 >/dev/null)
  if [ $? -ge 2 ]; then printf '${mark} regex %s\\n' "$e"; exit; fi
  if ! printf 'a\\n' | grep -qI a 2>/dev/null || printf 'a\\000\\n' | grep -qI a; then G=any; else G=gnu; fi
fi`;
}

function contentScript({ pattern, glob, mode, context }: SearchWish, place: string): string {
  const find = findFiles(place, glob === "" ? [] : [glob]);
  const show = { content: `-n${context === 0 ? "" : ` -C ${context}`}`, files_only: "-l", count: "-c" }[mode];
  const only = mode === "count" ? " | grep -v ':0$'" : "";
  return `case $G in
rg) rg --no-config --no-ignore --hidden --no-messages --color never --no-heading -H --sort path ${show} ${ripgrepGlobs(place, glob)} -e ${quoted(pattern)} -- "$P" ;;
gnu) ${find} -exec grep -IH ${show} "$@" -- {} + 2>/dev/null${only} ;;
*) ${find} -exec grep -l "$@" -- {} + 2>/dev/null | while IFS= read -r f; do
  # A file with a NUL in its beginning is no text.
  if [ $B = perl ]; then head -c 8192 "$f" | grep -qP '\\x00' && continue
  elif [ "$(head -c 8192 "$f" | wc -c)" != "$(head -c 8192 "$f" | tr -d '\\000' | wc -c)" ]; then continue; fi
  grep ${show} "$@" /dev/null "$f" 2>/dev/null
done${only} ;;
esac`;
}

/** `find` for regular files, without what is skipped; nothing is followed that is a link. */
function findFiles(place: string, globs: readonly string[]): string {
  const hidden = skippedIn(place).map((name) => `-name ${quoted(name)}`);
  const prune = hidden.length === 0 ? "" : `-type d \\( ${hidden.join(" -o ")} \\) -prune -o `;
  const named = globs.map(
    (glob) =>
      `\\( ${globsOf(glob)
        .map((each) => nameTest(place, each))
        .join(" -o ")} \\) `,
  );
  return `find $H "$P" ${prune}-type f ${named.join("")}`.trimEnd();
}

/** A glob with a directory in it is one for the whole path. */
function nameTest(place: string, glob: string): string {
  const bare = glob.replace(/^\.?\/+/, "");
  if (!bare.includes("/")) return `-name ${quoted(bare)}`;
  // find's * goes over directories as well.
  return `-path ${quoted(`${place}/${bare.replaceAll(/\*\*\/?/g, "*")}`)}`;
}

function ripgrepGlobs(place: string, glob: string): string {
  const hidden = skippedIn(place).map((name) => `-g ${quoted(`!${name}`)}`);
  const wanted = glob === "" ? [] : [`-g ${quoted(glob.replace(/^!+/, "").replace(/^\.\//, ""))}`];
  return [...wanted, ...hidden].join(" ");
}

function skippedIn(place: string): readonly string[] {
  const named = place.split("/");
  return skipped.filter((name) => !named.includes(name));
}
