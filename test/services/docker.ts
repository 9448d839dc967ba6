import { rmSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { importImages } from "./images.ts";
import { announce, findProgram, quickFolder, since, startService, temporaryFolder, untilReady } from "./processes.ts";

export { debianImage, smallImage } from "./images.ts";

/** An engine that tests may use. */
export interface Engine extends AsyncDisposable {
  /** As DOCKER_HOST has it, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** Whether it was started here, and ends here. */
  readonly private: boolean;
}

let shared: Promise<string> | null = null;

/** The engine that all tests share (with both images in it): the one `npm test` prepared, or one for this process. */
export function dockerHost(): Promise<string> {
  const given = process.env["HERMES_TEST_DOCKER_HOST"];
  if (given !== undefined) return Promise.resolve(given);
  shared ??= openDocker(process.env["DOCKER_HOST"]).then(({ host }) => host);
  return shared;
}

/** An engine that answers already, else a private one; with both images in it. */
export async function openDocker(configured: string | undefined): Promise<Engine> {
  const start = Date.now();
  const found = await answering(configured);
  const engine: Engine =
    found === null ? await startDocker() : { host: found, private: false, [Symbol.asyncDispose]: () => Promise.resolve() };
  announce(`Docker: ${engine.private ? "started an engine" : "using the engine"} at ${engine.host} (${since(start)})`);
  await importImages(dockerAt(engine.host));
  return engine;
}

/**
 * Starts a private engine as root. It runs in namespaces of its own: the host's network and firewall stay as they are, and with its
 * first process go all containers, shims and mounts.
 */
export async function startDocker(folder = temporaryFolder("docker", quickFolder())): Promise<Engine> {
  const [dockerd, unshare] = [findProgram("dockerd"), findProgram("unshare")];
  if (dockerd === null || unshare === null)
    throw new Error("No Docker engine answers: apt-get install docker.io, or set DOCKER_HOST");
  if (process.getuid?.() !== 0)
    throw new Error("No Docker engine answers, and only root can start one: start it, or set DOCKER_HOST");
  // What an engine that was killed here has left: the numbers of its processes are somebody else's now.
  for (const left of ["pid", "exec"]) rmSync(join(folder.path, left), { recursive: true, force: true });
  const host = `unix://${join(folder.path, "docker.sock")}`;
  const apart = [unshare, "--fork", "--pid", "--mount-proc", "--net", "--mount", "--kill-child=KILL", "--"];
  const places = ["--data-root", join(folder.path, "data"), "--exec-root", join(folder.path, "exec")];
  const service = startService([...apart, dockerd, ...places, "--pidfile", join(folder.path, "pid"), "-H", host, "-l", "error"]);
  await untilReady("dockerd", service, () => answers(host));
  return {
    host,
    private: true,
    async [Symbol.asyncDispose]() {
      await service.end("SIGKILL");
      folder.remove();
    },
  };
}

/** Whether an engine answers already, at `configured` or at the usual place. */
export async function dockerAnswers(configured: string | undefined): Promise<boolean> {
  return (await answering(configured)) !== null;
}

/** A client of the engine at `host`. */
export function dockerAt(host: string): Docker {
  const url = new URL(host);
  if (url.protocol === "unix:") return new Docker({ socketPath: url.pathname });
  return new Docker({ protocol: "http", host: url.hostname, port: Number(url.port || "2375") });
}

async function answering(configured: string | undefined): Promise<string | null> {
  for (const host of [configured, "unix:///var/run/docker.sock"]) if (host !== undefined && (await answers(host))) return host;
  return null;
}

async function answers(host: string): Promise<boolean> {
  return dockerAt(host)
    .ping()
    .then(
      () => true,
      () => false,
    );
}
