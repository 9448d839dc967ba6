import { filesIn } from "./archive.ts";
import { type FoundSkill, read, type Reading, repositoryBytes } from "./source.ts";
import { skillIn } from "./tree.ts";

/** `https://host/….git`, with `#path` for a skill within it; null for anything else. */
export function gitPlace(text: string): { readonly url: string; readonly path: string } | null {
  const match = /^(https?:\/\/[^\s#?]+)\.git\/?(?:#(.*))?$/.exec(text);
  return match?.[1] === undefined ? null : { url: match[1], path: match[2] ?? "" };
}

/** Where forges give the newest state of a repository as an archive: Gitea, Forgejo and GitHub; GitLab. */
function archives(url: string): readonly string[] {
  const name = url.split("/").at(-1) ?? "";
  return [`${url}/archive/HEAD.tar.gz`, `${url}/-/archive/HEAD/${name}-HEAD.tar.gz`];
}

/** Reads a skill from a repository at any of the usual forges: by its archive, so that no git runs here on a stranger's data. */
export async function gitSkill(reading: Reading, place: { readonly url: string; readonly path: string }): Promise<FoundSkill> {
  const failures: string[] = [];
  for (const url of archives(place.url)) {
    const found = await read(reading, url, repositoryBytes).catch((thrown: unknown) => {
      reading.signal.throwIfAborted();
      failures.push(thrown instanceof Error ? thrown.message : String(thrown));
      return null;
    });
    const files = found && (await filesIn(found.body));
    if (!files) continue;
    const top = files[0]?.path.split("/")[0] ?? "";
    const inside = files.flatMap((file) =>
      file.path.startsWith(`${top}/`) ? [{ ...file, path: file.path.slice(top.length + 1) }] : [],
    );
    const name = (place.url.split("/").at(-1) ?? "").toLowerCase();
    const from = `${place.url}.git${place.path === "" ? "" : `#${place.path}`}`;
    return {
      bundle: skillIn(inside, place.path, name),
      origin: { type: "git", from, revision: /-([0-9a-f]{7,40})$/.exec(top)?.[1] ?? null },
    };
  }
  throw new Error(
    `The repository could not be read. ${failures[0] ?? "It gives no archive; install the skill from a zip file instead."}`,
  );
}
