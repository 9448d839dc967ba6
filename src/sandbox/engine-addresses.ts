import { existsSync } from "node:fs";
import { homedir } from "node:os";

/** Where a Docker engine may answer: at `dockerHost`, or at those of the usual sockets that are there. */
export function engineAddresses(dockerHost: string | null): readonly string[] {
  if (dockerHost !== null) return [dockerHost];
  return usualSockets().filter((path) => existsSync(path.slice("unix://".length)));
}

/** What is said where there is no address. */
export const noSocket = "no socket of a Docker engine is there";

function usualSockets(): readonly string[] {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const rootless = runtime === undefined ? [] : [`unix://${runtime}/docker.sock`];
  return ["unix:///var/run/docker.sock", ...rootless, `unix://${homedir()}/.docker/run/docker.sock`];
}
