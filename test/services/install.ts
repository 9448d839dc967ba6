import { spawnSync } from "node:child_process";
import { chromiumPath } from "./chromium.ts";
import { dockerAnswers } from "./docker.ts";
import { postgresProgram } from "./postgres.ts";
import { announce, findProgram } from "./processes.ts";

/** What a test may need from outside. */
export type Need = "redis" | "postgres" | "docker" | "chromium" | "sshd" | "zsh";

/** Debian's packages that are missing for these needs. */
export async function missingPackages(needs: ReadonlySet<Need>, dockerHost: string | undefined): Promise<readonly string[]> {
  const packages: string[] = [];
  if (needs.has("redis") && findProgram("redis-server") === null) packages.push("redis-server");
  if (needs.has("postgres") && !works(() => postgresProgram("postgres"))) packages.push("postgresql");
  if (needs.has("chromium") && !works(chromiumPath)) packages.push("chromium");
  if (needs.has("sshd") && findProgram("sshd") === null) packages.push("openssh-server");
  if (needs.has("zsh") && findProgram("zsh") === null) packages.push("zsh");
  if (needs.has("docker")) {
    if (findProgram("dockerd") === null && !(await dockerAnswers(dockerHost))) packages.push("docker.io", "iptables");
    if (findProgram("debootstrap") === null) packages.push("debootstrap");
    if (findProgram("busybox") === null) packages.push("busybox-static");
  }
  return packages;
}

/** Installs Debian packages as root; throws one line that says what to type when it can't. */
export function install(packages: readonly string[]): void {
  if (packages.length === 0) return;
  const names = packages.join(" ");
  if (process.getuid?.() !== 0 || findProgram("apt-get") === null) {
    throw new Error(`Missing for the tests: ${names}. Install them: sudo apt-get install --no-install-recommends ${names}`);
  }
  announce(`installing ${names} with apt-get`);
  apt(["update", "-qq"]);
  apt(["install", "-y", "-qq", "--no-install-recommends", ...packages]);
}

function apt(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stdout, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${stdout}${stderr}`);
}

function works(find: () => string): boolean {
  try {
    return find() !== "";
  } catch {
    return false;
  }
}
