import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { announce, findProgram, since, temporaryFolder } from "./processes.ts";

const run = promisify(execFile);

/** Debian with python3, as a person's sandbox would be. */
export const debianImage = "hermes-sandbox:test";
/** Busybox alone: for tests that need a container and no more. */
export const smallImage = "hermes-sandbox:small";

/** Puts both images into the engine, unless it has them. No registry is needed: they are made here, once, and kept in the cache. */
export async function importImages(docker: Docker): Promise<void> {
  await Promise.all([importImage(docker, smallImage, busyboxTree), importImage(docker, debianImage, debianTree)]);
}

/** Only the one that is there in half a second: for an engine that one test has for itself. */
export async function importSmallImage(docker: Docker): Promise<void> {
  await importImage(docker, smallImage, busyboxTree);
}

async function importImage(docker: Docker, image: string, make: (folder: string) => Promise<void>): Promise<void> {
  if ((await docker.listImages({ filters: { reference: [image] } })).length > 0) return;
  const start = Date.now();
  const archive = join(cacheFolder(), `${image.replace(":", "-")}-${release()}-2.tar`);
  if (!existsSync(archive)) await pack(archive, make);
  // Podman takes no tag apart from the name.
  const progress = await docker.importImage(archive, { repo: image });
  progress.resume();
  await new Promise((resolve, reject) => progress.once("end", resolve).once("error", reject));
  await docker.getImage(image).inspect();
  announce(`Docker: imported ${image} from ${archive} (${since(start)})`);
}

/** Makes the tree, packs it, and moves the archive into place whole, so that no other process sees half of one. */
async function pack(archive: string, make: (folder: string) => Promise<void>): Promise<void> {
  announce(`Docker: making ${archive} (once)`);
  const folder = temporaryFolder("image");
  const tree = join(folder.path, "tree");
  mkdirSync(tree);
  await make(tree);
  mkdirSync(dirname(archive), { recursive: true });
  await run("tar", ["-C", tree, "--exclude=./dev/*", "-cf", `${archive}.${process.pid}`, "."]);
  renameSync(`${archive}.${process.pid}`, archive);
  folder.remove();
}

async function debianTree(folder: string): Promise<void> {
  const program = findProgram("debootstrap");
  if (program === null) throw new Error("debootstrap is missing: apt-get install debootstrap");
  const how = ["--variant=minbase", "--include=python3", release(), folder, ...(await mirror())];
  await run(program, how, { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  await run("rm", ["-rf", join(folder, "var/cache/apt"), join(folder, "var/lib/apt/lists"), join(folder, "usr/share/doc")]);
}

async function busyboxTree(folder: string): Promise<void> {
  const program = findProgram("busybox");
  if (program === null) throw new Error("busybox is missing: apt-get install busybox-static");
  for (const name of ["bin", "tmp", "etc", "root", "proc", "sys", "dev"]) mkdirSync(join(folder, name));
  cpSync(program, join(folder, "bin/busybox"));
  await run("chroot", [folder, "/bin/busybox", "--install", "-s", "/bin"]);
}

/** The mirror that this machine's apt uses, where apt knows one for its own release. */
async function mirror(): Promise<readonly string[]> {
  const format = ["--format", "$(SITE) $(REPO_URI) $(CODENAME)"];
  const { stdout } = await run("apt-get", ["indextargets", ...format]).catch(() => ({ stdout: "" }));
  const line = stdout.split("\n").find((candidate) => candidate.endsWith(` ${release()}`));
  const address = line?.split(" ")[1];
  return address === undefined ? [] : [address];
}

/** The Debian or Ubuntu release of this machine; its own mirrors are the likeliest to be within reach. */
function release(): string {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1] ?? "bookworm";
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "hermes-team-test");
}
