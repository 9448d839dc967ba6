import { z } from "zod";
import { bundleOf, skillFileName } from "../bundle.ts";
import { nameFault, plainPath, skillLimits } from "../names.ts";
import { type FoundSkill, read, type Reading, textBytes } from "./source.ts";
import { filesIn } from "./archive.ts";
import { skillIn } from "./tree.ts";

/** A skill as an index lists it. */
export interface Listed {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly tags: readonly string[];
  /** Its files, beside the index in a directory of its name; or where it is as one archive. */
  readonly files: readonly string[];
  readonly url: string | null;
}

const entry = z.looseObject({
  name: z.string(),
  description: z.string().default(""),
  version: z.coerce.string().default(""),
  tags: z.array(z.coerce.string()).default([]),
  files: z.array(z.string()).max(skillLimits.files).default([]),
  url: z.string().optional(),
});
const index = z.looseObject({ skills: z.array(z.unknown()) });
/** An index with more is looked through so far. */
const mostListed = 5_000;

/** The path that sites keep their index at. */
const wellKnown = "/.well-known/skills/index.json";

/** Where an index is: the address itself where it names a JSON file, else the site's well-known one. */
export function indexUrl(address: string): string {
  const url = new URL(address);
  if (url.pathname.endsWith(".json")) return url.href;
  const base = url.pathname.replace(/\/$/, "");
  return new URL(`${base}${wellKnown}`, url).href;
}

/** What an index lists; entries that make no sense are left out. Null for what is no index. */
export function listedIn(text: string): readonly Listed[] | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = index.safeParse(Array.isArray(raw) ? { skills: raw } : raw);
  if (!parsed.success) return null;
  return parsed.data.skills.slice(0, mostListed).flatMap((each) => {
    const one = entry.safeParse(each);
    if (!one.success || nameFault(one.data.name) !== null) return [];
    const { name, description, version, tags, files, url } = one.data;
    return [
      {
        name,
        description: description.replaceAll(/\s+/g, " ").slice(0, 300),
        version: version.slice(0, 40),
        tags,
        files,
        url: url ?? null,
      },
    ];
  });
}

/** Reads an index. */
export async function readIndex(reading: Reading, url: string): Promise<readonly Listed[]> {
  const { body } = await read(reading, url, 4 * textBytes);
  const listed = listedIn(Buffer.from(body).toString("utf8"));
  if (listed === null) throw new Error(`There is no list of skills at ${url}.`);
  return listed;
}

/** Takes one skill of an index: file by file, or as an archive. */
export async function listedSkill(
  reading: Reading,
  from: string,
  listed: Listed,
  type: "well-known" | "hub",
): Promise<FoundSkill> {
  const origin = { type, from: type === "hub" ? listed.name : `${from}#${listed.name}`, revision: listed.version || null };
  if (listed.url !== null) {
    const { body } = await read(reading, new URL(listed.url, from).href, 2 * skillLimits.bytes);
    const files = (await filesIn(body)) ?? [{ path: skillFileName, bytes: body, executable: false }];
    const bundle = skillIn(files, files.length === 1 ? "" : listed.name, listed.name);
    return { bundle: named(bundle, listed.name), origin };
  }
  const paths = [...new Set([skillFileName, ...listed.files.map(plainPath)])];
  let left: number = skillLimits.bytes;
  const files = [];
  for (const path of paths) {
    const url = new URL(`${listed.name}/${path.split("/").map(encodeURIComponent).join("/")}`, from).href;
    const { body } = await read(reading, url, Math.min(left, skillLimits.fileBytes));
    left -= body.length;
    files.push({ path, bytes: body, executable: /\.(?:sh|py)$/.test(path) });
  }
  return { bundle: named(bundleOf(files, listed.name), listed.name), origin };
}

/** Whoever was told one name gets no other. */
function named(bundle: FoundSkill["bundle"], name: string): FoundSkill["bundle"] {
  if (bundle.meta.name !== name) throw new Error(`The list says ${name}, but the skill calls itself ${bundle.meta.name}.`);
  return bundle;
}
