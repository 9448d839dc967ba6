import type { RepositoryEntry } from "../../core/skill.ts";
import { sizeWords } from "../../core/size-words.ts";
import { isLitter, skillLimits } from "../names.ts";
import { filesIn } from "./archive.ts";
import { type FoundSkill, read, type Reading, repositoryBytes } from "./source.ts";
import { partOf, skillIn } from "./tree.ts";

/** A place in a repository at any git server. */
export interface GitPlace {
  /** As it was written, but for what follows it: `https://host/name.git`. */
  readonly url: string;
  /** A branch or tag; empty: the default branch. */
  readonly ref: string;
  /** Within the repository; empty: wherever there is one skill. */
  readonly path: string;
}

/**
 * `https://host/….git`, or `git+https://host/…` where the name has another end; behind it `@branch` and `#path` of a skill within it. Null
 * for anything else.
 */
export function gitPlace(text: string): GitPlace | null {
  const named = /^(https?:\/\/[^\s#?]+?\.git)\/?(?:@([\w./-]{1,100}))?(?:#(.*))?$/i.exec(text);
  const marked = /^git\+(https?:\/\/[^\s#?]+?)\/?(?:@([\w.-]{1,100}))?(?:#(.*))?$/i.exec(text);
  const [, url, ref = "", path = ""] = named ?? marked ?? [];
  if (url === undefined || ref.startsWith("-")) return null;
  return { url, ref, path };
}

/** Addresses that git knows and that need an account's keys, or no encryption at all. */
export function isOtherGit(text: string): boolean {
  return /^(?:git\+)?(?:ssh|git):\/\/|^[\w.-]+@[\w.-]+:/i.test(text);
}

/** Reads a skill from a repository: by the archive that the usual forges give of it, else with git. */
export async function gitSkill(reading: Reading, place: GitPlace): Promise<FoundSkill> {
  return (await byArchive(reading, place)) ?? (await byGit(reading, place));
}

/** Where forges give a state of a repository as an archive: Gitea, Forgejo and GitHub; GitLab. */
function archives({ url, ref }: GitPlace): readonly string[] {
  const base = url.replace(/\.git$/i, "");
  const state = ref === "" ? "HEAD" : ref;
  return [`${base}/archive/${state}.tar.gz`, `${base}/-/archive/${state}/${nameOf(url)}-${state.replaceAll("/", "-")}.tar.gz`];
}

async function byArchive(reading: Reading, place: GitPlace): Promise<FoundSkill | null> {
  for (const url of archives(place)) {
    const found = await read(reading, url, repositoryBytes).catch(() => {
      reading.signal.throwIfAborted();
      return null;
    });
    const files = found && (await filesIn(found.body));
    if (!files) continue;
    const top = files[0]?.path.split("/")[0] ?? "";
    const inside = files.flatMap((file) =>
      file.path.startsWith(`${top}/`) ? [{ ...file, path: file.path.slice(top.length + 1) }] : [],
    );
    const revision = /-([0-9a-f]{7,40})$/.exec(top)?.[1] ?? null;
    return { bundle: skillIn(inside, place.path, nameOf(place.url)), origin: { type: "git", from: fromOf(place), revision } };
  }
  return null;
}

async function byGit(reading: Reading, place: GitPlace): Promise<FoundSkill> {
  await using repository = await reading.repository(place.url, place.ref, reading.signal);
  const { own } = partOf(
    repository.entries.filter(({ path }) => !isLitter(path)),
    place.path,
  );
  checkEntries(own);
  const contents = await repository.read(own);
  const files = own.map(({ path, kind }, index) => {
    return { path, bytes: contents[index] ?? new Uint8Array(), executable: kind === "program" };
  });
  const pointer = files.find(({ bytes }) => Buffer.from(bytes.subarray(0, lfsMark.length)).toString("latin1") === lfsMark);
  if (pointer !== undefined) throw new Error(`${pointer.path.slice(0, 100)} is kept in Git LFS, which is not read.`);
  const bundle = skillIn(files, place.path, nameOf(place.url));
  return { bundle, origin: { type: "git", from: fromOf(place), revision: repository.revision } };
}

const lfsMark = "version https://git-lfs.github.com/";

/** Before any of it is read. */
function checkEntries(own: readonly RepositoryEntry[]): void {
  const strange = own.find(({ kind }) => kind === "link" || kind === "repository");
  if (strange !== undefined) {
    const what = strange.kind === "link" ? "a link" : "another repository (a submodule)";
    throw new Error(`${strange.path.slice(0, 100)} is ${what}; a skill has files of its own alone.`);
  }
  const total = own.reduce((sum, { bytes }) => sum + bytes, 0);
  if (own.length > skillLimits.files) throw new Error(`It has ${own.length} files; a skill has at most ${skillLimits.files}.`);
  if (total > skillLimits.bytes)
    throw new Error(`It has ${sizeWords(total)}; ${sizeWords(skillLimits.bytes)} is the most for a skill.`);
}

function nameOf(url: string): string {
  return (url.split("/").at(-1) ?? "").replace(/\.git$/i, "").toLowerCase();
}

function fromOf({ url, ref, path }: GitPlace): string {
  const marked = /\.git$/i.test(url) ? url : `git+${url}`;
  return `${marked}${ref === "" ? "" : `@${ref}`}${path === "" ? "" : `#${path}`}`;
}
