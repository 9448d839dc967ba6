import { spawn } from "node:child_process";

/** A run of git that ended by itself. */
export interface GitRun {
  readonly code: number;
  readonly out: Buffer;
  readonly error: string;
}

export interface GitProgram {
  /** Runs git; more output than `most` bytes ends it and throws. An abort of the signal ends it and throws its reason. */
  run(args: readonly string[], options?: { readonly input?: string; readonly most?: number }): Promise<GitRun>;
}

export interface GitWhere {
  /** An empty directory of its own: its home, and where it works. */
  readonly directory: string;
  /** Where programs are looked for. */
  readonly path: string;
  /** The protocol it may speak; all others are closed to it. */
  readonly protocol: "https" | "http";
  readonly signal: AbortSignal;
}

/** The newest git that must be there: it lets an address be pinned (`http.curloptResolve`). */
const needed = [2, 37] as const;
const mostOutput = 16 * 1024 * 1024;
const mostError = 16 * 1024;
/** Seconds on the processor and KB of memory: what a stranger packed may be made to take for ever, or all there is. */
const limits = "ulimit -t 60; ulimit -v 1000000 2>/dev/null;";

/**
 * The host's git for a stranger's repository: nothing of the machine's or the account's configuration, no hooks, no credentials, nobody
 * who could be asked, one protocol, no redirects, no proxy. Throws where there is none, or one that is too old.
 */
export async function gitProgram(where: GitWhere): Promise<GitProgram> {
  const git: GitProgram = { run: async (args, options = {}) => await runGit(where, args, options) };
  const { code, out } = await git.run(["--version"]);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(out.toString())?.slice(1) ?? []).map(Number);
  if (code !== 0)
    throw new Error(
      "This needs the program git, and the machine I run on has none. Install git there, or install the skill from a zip file.",
    );
  if (major < needed[0] || (major === needed[0] && minor < needed[1]))
    throw new Error(`The git of the machine I run on is too old (${major}.${minor}); this needs ${needed.join(".")} or newer.`);
  return git;
}

const settings: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.symlinks=false",
  // Nothing large is unpacked in memory.
  "core.bigFileThreshold=1m",
  "fetch.unpackLimit=1",
  "pack.threads=1",
  "credential.helper=",
  "http.followRedirects=false",
  "http.proxy=",
  "http.lowSpeedLimit=500",
  "http.lowSpeedTime=15",
  "submodule.recurse=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "protocol.version=2",
].flatMap((setting) => ["-c", setting]);

function environment({ directory, path, protocol }: GitWhere): Readonly<Record<string, string>> {
  const authority = process.env["GIT_SSL_CAINFO"];
  return {
    PATH: path,
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: directory,
    GIT_ALLOW_PROTOCOL: protocol,
    GIT_PROTOCOL_FROM_USER: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "/bin/false",
    SSH_ASKPASS: "/bin/false",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    // A company's own authority, where this process was told of one.
    ...(authority === undefined ? {} : { GIT_SSL_CAINFO: authority }),
  };
}

async function runGit(
  where: GitWhere,
  args: readonly string[],
  { input = "", most = mostOutput }: { readonly input?: string; readonly most?: number },
): Promise<GitRun> {
  const { directory, signal } = where;
  signal.throwIfAborted();
  // A group of its own: git leaves the network to a program that it starts.
  const child = spawn("/bin/sh", ["-c", `${limits} exec git "$@"`, "git", ...settings, ...args], {
    cwd: directory,
    env: environment(where),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener("abort", end, { once: true });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  const out: Buffer[] = [];
  let bytes = 0;
  let error = "";
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > most) end();
    else out.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => (error = `${error}${chunk.toString("latin1")}`.slice(-mostError)));
  // It may have ended before it has read all.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    const code = await ended;
    signal.throwIfAborted();
    if (bytes > most) throw new Error("There is more in this repository than is looked through.");
    return { code, out: Buffer.concat(out), error };
  } finally {
    signal.removeEventListener("abort", end);
  }
}
