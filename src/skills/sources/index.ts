import { lstat, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import type { SkillOrigin } from "../../core/skill.ts";
import { readFolder } from "../folder.ts";
import { nameFault, skillLimits } from "../names.ts";
import { filesIn } from "./archive.ts";
import { indexUrl, listedSkill, readIndex } from "./catalogue.ts";
import { gitPlace, gitSkill, isOtherGit } from "./git.ts";
import { githubPlace, githubSkill } from "./github.ts";
import { shippedSkill, shippedSkills } from "./shipped.ts";
import type { FoundSkill, Reading } from "./source.ts";
import { skillIn } from "./tree.ts";
import { urlSkill } from "./url.ts";

export type { FoundSkill, Reading, SkillPlaces } from "./source.ts";

/**
 * Finds a skill by what a person wrote: the name of one that ships with this version, a folder or archive of this machine (command line
 * alone), an address, `owner/repo/path` at GitHub, or a name at the configured hub. Throws what to write instead.
 */
export async function findSource(reading: Reading, wanted: string): Promise<FoundSkill> {
  const text = wanted.trim();
  if (text === "") throw new Error("Say which skill: a name, owner/repo/path at GitHub, or an address.");
  if (/^(?:\.{0,2}\/|~\/|\.{1,2}$)/.test(text)) return await localSkill(reading, text);
  if (/^(?:git\+)?https?:\/\//i.test(text)) return await atAddress(reading, text);
  if (isOtherGit(text))
    throw new Error("Repositories are read over https alone: https://host/name.git, without an account's keys.");
  const shipped = await shippedSkill(reading.places.shipped, text.toLowerCase());
  if (shipped !== null) return shipped;
  const github = githubPlace(text);
  if (github !== null) return await githubSkill(reading, github);
  if (nameFault(text) === null) return await hubSkill(reading, text);
  throw new Error(`"${text.slice(0, 100)}" is no skill that I can find: say a name, owner/repo/path at GitHub, or an address.`);
}

/** Finds a skill again where it came from; null where it came from nowhere that could be asked. */
export async function findAgain(reading: Reading, { type, from }: SkillOrigin): Promise<FoundSkill | null> {
  switch (type) {
    case "shipped":
      return await shippedSkill(reading.places.shipped, from);
    case "github":
    case "git":
    case "url":
    case "zip":
    case "well-known":
      return /^(?:git\+)?https?:\/\//i.test(from) || type === "github" ? await findSource(reading, from) : null;
    case "hub":
      return await hubSkill(reading, from);
    case "folder":
      return reading.local ? await localSkill(reading, from) : null;
    case "home":
    case "agent":
    case "person":
      return null;
  }
}

/** A skill that can be installed by its name. */
export interface SkillHit {
  readonly name: string;
  readonly description: string;
  readonly from: "shipped" | "hub";
}

/** What ships with this version and what the hub has, by words; `trouble` says why the hub could not be asked. */
export async function searchSources(
  reading: Reading,
  query: string,
): Promise<{ readonly hits: readonly SkillHit[]; readonly trouble: string | null }> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (...texts: readonly string[]): boolean =>
    words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
  const shipped = (await shippedSkills(reading.places.shipped))
    .filter(({ name, description, tags }) => fits(name, description, ...tags))
    .map(({ name, description }): SkillHit => ({ name, description, from: "shipped" }));
  if (reading.places.hubUrl === null) return { hits: shipped, trouble: null };
  try {
    const listed = await readIndex(reading, indexUrl(reading.places.hubUrl));
    const known = new Set(shipped.map(({ name }) => name));
    const found = listed.filter(({ name, description, tags }) => !known.has(name) && fits(name, description, ...tags));
    return {
      hits: [...shipped, ...found.slice(0, 50).map(({ name, description }): SkillHit => ({ name, description, from: "hub" }))],
      trouble: null,
    };
  } catch (thrown) {
    reading.signal.throwIfAborted();
    return { hits: shipped, trouble: `The hub could not be asked: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
}

async function atAddress(reading: Reading, text: string): Promise<FoundSkill> {
  const github = githubPlace(text.replace(/\.git$/, ""));
  if (github !== null) return await githubSkill(reading, github);
  const git = gitPlace(text);
  return git === null ? await urlSkill(reading, text) : await gitSkill(reading, git);
}

async function hubSkill(reading: Reading, name: string): Promise<FoundSkill> {
  const { hubUrl, shipped } = reading.places;
  if (hubUrl === null) {
    const names = (await shippedSkills(shipped)).map((each) => each.name);
    throw new Error(
      `There is no skill "${name}". These come with me: ${names.join(", ")}. Others: owner/repo/path at GitHub, or an address.`,
    );
  }
  const url = indexUrl(hubUrl);
  const listed = (await readIndex(reading, url)).find((each) => each.name === name);
  if (listed === undefined) throw new Error(`Neither I nor the hub have a skill "${name}". /skills search WORDS looks for one.`);
  return await listedSkill(reading, url, listed, "hub");
}

async function localSkill(reading: Reading, text: string): Promise<FoundSkill> {
  if (!reading.local)
    throw new Error("Files of the machine I run on are installed at its command line: hermes skills install PATH");
  const path = resolve(text.replace(/^~(?=\/)/, homedir()));
  const name = basename(path).toLowerCase();
  const origin: SkillOrigin = { type: "folder", from: path, revision: null };
  const about = await lstat(path).catch(() => null);
  if (about === null) throw new Error(`There is nothing at ${path}.`);
  if (about.isDirectory()) return { bundle: skillIn(await readFolder(path), "", name), origin };
  if (!about.isFile() || about.size > 2 * skillLimits.bytes) throw new Error(`${path} is no folder and no archive of a skill.`);
  const bytes = new Uint8Array(await readFile(path));
  const files = (await filesIn(bytes)) ?? [{ path: "SKILL.md", bytes, executable: false }];
  return { bundle: skillIn(files, "", name.replace(/\.(?:zip|skill|tar\.gz|tgz|md)$/, "")), origin };
}
