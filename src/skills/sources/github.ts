import { readTar } from "../tar.ts";
import { isLitter } from "../names.ts";
import { type FoundSkill, read, type Reading, repositoryBytes } from "./source.ts";
import { skillIn } from "./tree.ts";

/** A place in a repository at GitHub. */
export interface GithubPlace {
  readonly owner: string;
  readonly repo: string;
  /** A branch, tag or commit; empty: the default branch. */
  readonly ref: string;
  /** Within the repository; empty: wherever there is one skill. */
  readonly path: string;
}

const part = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

/** `owner/repo`, `owner/repo/path`, each with `@ref` behind the repository, or the address of such a page; null for anything else. */
export function githubPlace(text: string): GithubPlace | null {
  const page = new RegExp(
    `^https://(?:www\\.)?github\\.com/(${part})/(${part}?)(?:\\.git)?(?:/(?:tree|blob)/([^/]+)(?:/(.*))?)?/?$`,
  ).exec(text);
  const short = new RegExp(`^(${part})/(${part})(?:@([\\w.-]{1,100}))?(?:/(.+))?$`).exec(text);
  const match = page ?? short;
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { owner: match[1], repo: match[2], ref: match[3] ?? "", path: match[4] ?? "" };
}

/** Reads a skill from GitHub, with the commit it is of. */
export async function githubSkill(reading: Reading, place: GithubPlace): Promise<FoundSkill> {
  const { githubUrl, githubToken } = reading.places;
  const headers = githubToken === null ? {} : { authorization: `Bearer ${githubToken}` };
  const url =
    `${githubUrl.replace(/\/$/, "")}/repos/${place.owner}/${place.repo}/tarball/${encodeURIComponent(place.ref)}`.replace(
      /\/$/,
      "",
    );
  const { body } = await read(reading, url, repositoryBytes, { accept: "application/vnd.github+json", ...headers });
  const files = await readTar(body, (path) => !isLitter(path));
  // All lies in one directory: OWNER-REPO-COMMIT.
  const top = files[0]?.path.split("/")[0] ?? "";
  const revision = /-([0-9a-f]{7,40})$/.exec(top)?.[1] ?? null;
  const inside = files.flatMap((file) =>
    file.path.startsWith(`${top}/`) ? [{ ...file, path: file.path.slice(top.length + 1) }] : [],
  );
  const bundle = skillIn(inside, place.path, place.repo.toLowerCase());
  const from = `${place.owner}/${place.repo}${place.ref === "" ? "" : `@${place.ref}`}${place.path === "" ? "" : `/${place.path}`}`;
  return { bundle, origin: { type: "github", from, revision } };
}
