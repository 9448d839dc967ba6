import { isIP } from "node:net";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RepositoryEntry, SkillRepository } from "../../core/skill.ts";
import { sizeWords } from "../../core/size-words.ts";
import { classOf } from "../guard/addresses.ts";
import type { Allowance } from "../guard/allowance.ts";
import { checkedTarget, type Resolver } from "../guard/dial.ts";
import { hostOf } from "../guard/target.ts";
import { type GitProgram, gitProgram, type GitRun } from "./program.ts";

export interface CloneOptions {
  readonly allowance: Allowance;
  readonly signal: AbortSignal;
  /** Where git is looked for. */
  readonly path: string;
  readonly resolve?: Resolver;
  /** Bytes on the disk; more ends it. */
  readonly most?: number;
}

const mostBytes = 64 * 1024 * 1024;
const lookEveryMs = 200;

/**
 * Fetches one commit of a repository, through the address guard: the name is resolved once, and git dials the addresses that were checked.
 * Nothing is checked out: files are read from the objects, so that no filter, hook, link or attribute of the repository has a say. What
 * was fetched is gone with the dispose.
 */
export async function openRepository(address: string, ref: string, options: CloneOptions): Promise<SkillRepository> {
  const { url, addresses } = await checkedTarget(address, options.allowance, options.resolve);
  const protocol = protocolOf(url, addresses);
  const directory = await mkdtemp(join(tmpdir(), "hermes-git-"));
  const dispose = async () => await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  try {
    const { signal, check, stop } = within(directory, options);
    try {
      const git = await gitProgram({ directory, path: options.path, protocol, signal });
      const revision = await fetchOne(git, pinning(url, addresses), url, ref);
      await check();
      const entries = await entriesOf(git, revision);
      return { revision, entries, read: async (files) => await contents(git, files), [Symbol.asyncDispose]: dispose };
    } finally {
      stop();
    }
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
}

/** Without encryption only where it stays within the team's own network. */
function protocolOf(url: URL, addresses: readonly string[]): "https" | "http" {
  if (url.protocol === "https:") return "https";
  if (addresses.every((each) => classOf(each) !== "public")) return "http";
  throw new Error(`${url.host} was not asked: a repository outside of your own network is read over https alone.`);
}

/** The addresses that were checked, and no others. */
function pinning(url: URL, addresses: readonly string[]): readonly string[] {
  if (isIP(hostOf(url)) !== 0) return [];
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const dialled = addresses.map((each) => (isIP(each) === 6 ? `[${each}]` : each)).join(",");
  return ["-c", `http.curloptResolve=${url.hostname}:${port}:${dialled}`];
}

async function fetchOne(git: GitProgram, pinned: readonly string[], url: URL, ref: string): Promise<string> {
  await succeed(git.run(["init", "--quiet", "--bare", "--template=", "."]), url, ref);
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"];
  const from = ["--", url.href, ref === "" ? "HEAD" : ref];
  const first = await git.run([...pinned, ...fetch, "--depth=1", ...from]);
  // A server of plain files can't leave the history out.
  const plain = first.code !== 0 && first.error.includes("dumb http transport");
  await succeed(plain ? git.run([...pinned, ...fetch, ...from]) : first, url, ref);
  const { out } = await succeed(git.run(["rev-parse", "--verify", "FETCH_HEAD^{commit}"]), url, ref);
  return out.toString("latin1").trim();
}

/** All that a commit holds. Links, and what only points at another repository, are told by their kind. */
async function entriesOf(git: GitProgram, revision: string): Promise<readonly RepositoryEntry[]> {
  const { code, out } = await git.run(["ls-tree", "-r", "-l", "-z", "--full-tree", revision]);
  if (code !== 0) throw new Error("The repository is broken: its files can't be listed.");
  return out
    .toString("utf8")
    .split("\0")
    .flatMap((line): RepositoryEntry[] => {
      const match = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.+)$/s.exec(line);
      if (match === null) return [];
      const [, mode = "", id = "", size = "0", path = ""] = match;
      return [{ path, id, bytes: size === "-" ? 0 : Number(size), kind: kinds[mode] ?? "file" }];
    });
}

const kinds: Readonly<Record<string, RepositoryEntry["kind"]>> = {
  "100755": "program",
  "120000": "link",
  "160000": "repository",
};

/** The contents of files, in their order. */
async function contents(git: GitProgram, files: readonly RepositoryEntry[]): Promise<readonly Uint8Array[]> {
  const input = files.map(({ id }) => `${id}\n`).join("");
  const most = files.reduce((sum, { bytes }) => sum + bytes + 200, 0);
  const { out } = await git.run(["cat-file", "--batch"], { input, most });
  let at = 0;
  return files.map(({ id, bytes, path }) => {
    const head = `${id} blob ${bytes}\n`;
    const start = at + head.length;
    if (out.toString("latin1", at, start) !== head || out.length < start + bytes + 1)
      throw new Error(`The repository is broken: ${JSON.stringify(path.slice(0, 100))} can't be read.`);
    at = start + bytes + 1;
    return new Uint8Array(out.subarray(start, start + bytes));
  });
}

async function succeed(run: GitRun | Promise<GitRun>, url: URL, ref: string): Promise<GitRun> {
  const ended = await run;
  if (ended.code === 0) return ended;
  throw new Error(faultOf(ended.error, url.host, ref));
}

function faultOf(error: string, host: string, ref: string): string {
  if (/could not read (?:Username|Password)|Authentication failed|terminal prompts disabled|returned error: 40[13]/.test(error))
    return `${host} does not give it: the repository is private, or there is none. Nobody is asked for a password here; a zip file can be installed instead.`;
  if (/couldn't find remote ref|not our ref/.test(error))
    return ref === "" ? "The repository is empty." : `The repository has no branch or tag ${JSON.stringify(ref)}.`;
  if (/returned error: 30\d|redirect/.test(error)) return `${host} sends on to another address; say that one instead.`;
  if (/not found|returned error: 404/i.test(error)) return `${host} has no repository there.`;
  const last = error.split("\n").findLast((line) => line.startsWith("fatal:")) ?? "";
  const said = last.replaceAll(/[^\x20-\x7e]/g, "").slice("fatal: ".length, 200);
  return `${host} could not be read by git${said === "" ? "" : `: ${said}`}.`;
}

/** Ends what is fetched once it has grown beyond what is kept of a repository. */
function within(directory: string, { signal, most = mostBytes }: CloneOptions) {
  const control = new AbortController();
  const check = async (): Promise<void> => {
    if ((await sizeOf(directory)) > most)
      throw new Error(`The repository has more than ${sizeWords(most)}; install the skill from a zip file.`);
  };
  const timer = setInterval(() => void check().catch((error: unknown) => control.abort(error)), lookEveryMs);
  return { signal: AbortSignal.any([signal, control.signal]), check, stop: () => clearInterval(timer) };
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name)).catch(() => null))?.size ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}
