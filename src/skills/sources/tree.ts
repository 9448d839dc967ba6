import type { SkillBundle, SkillFile } from "../../core/skill.ts";
import { bundleOf, skillFileName } from "../bundle.ts";

/** The skill in many files: the one at `place`, the one whose directory is called so, or the only one there. Throws which there are. */
export function skillIn(files: readonly SkillFile[], place: string, fallbackName: string): SkillBundle {
  const { name, own, prefix } = partOf(files, place);
  return bundleOf(
    own.map((file) => ({ ...file, path: file.path.slice(prefix.length) })),
    name === "" ? fallbackName : name,
  );
}

/** Of all that lies in a place, what belongs to that skill. */
export function partOf<T extends { readonly path: string }>(files: readonly T[], place: string) {
  const roots = files
    .filter(({ path }) => path === skillFileName || path.endsWith(`/${skillFileName}`))
    .map(({ path }) => path.slice(0, -skillFileName.length).replace(/\/$/, ""));
  const root = chosen(roots, place.replaceAll(/^\/+|\/+$/g, "").replace(/\/?SKILL\.md$/, ""));
  const prefix = root === "" ? "" : `${root}/`;
  const inner = roots.filter((each) => each !== root && each.startsWith(prefix));
  const own = files.filter(({ path }) => path.startsWith(prefix) && !inner.some((other) => path.startsWith(`${other}/`)));
  return { name: root.split("/").at(-1) ?? "", own, prefix };
}

function chosen(roots: readonly string[], place: string): string {
  if (roots.length === 0) throw new Error("There is no SKILL.md in it.");
  if (place === "") {
    const [only = "", ...others] = roots;
    if (others.length === 0 || only === "") return only;
    if (roots.includes("")) return "";
    throw new Error(`There are ${roots.length} skills in it; say which: ${shown(roots)}`);
  }
  if (roots.includes(place)) return place;
  const named = roots.filter((root) => root.endsWith(`/${place}`));
  if (named.length === 1 && named[0] !== undefined) return named[0];
  throw new Error(`There is no skill at ${place}. There ${roots.length === 1 ? "is" : "are"}: ${shown(roots)}`);
}

function shown(roots: readonly string[]): string {
  const names = roots.map((root) => (root === "" ? "(the top)" : root)).toSorted();
  return names.length <= mostShown
    ? names.join(", ")
    : `${names.slice(0, mostShown).join(", ")} and ${names.length - mostShown} more`;
}

const mostShown = 30;
