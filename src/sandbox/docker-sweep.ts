import type Docker from "dockerode";
import { label } from "./docker-spec.ts";
import { removeVolume } from "./docker-volumes.ts";

/** A younger one may be waiting for its container. */
const youngMs = 10 * 60_000;

/** Removes volumes that were made ahead and have become nobody's: the engine itself refuses where a container still has one. */
export async function sweepVolumes(docker: Docker, homeTag: string): Promise<void> {
  const all = async (name: string) => (await docker.listVolumes({ filters: { label: [name] } })).Volumes;
  // In this order: one that is claimed in between still has its container.
  const ahead = (await all(label.warm)).filter(({ Labels }) => Labels[label.home] === homeTag);
  if (ahead.length === 0) return;
  const owned = new Set((await all(label.workspace)).map(({ Labels }) => Labels[label.workspace]));
  for (const { Name } of ahead) {
    if (owned.has(Name) || Date.now() - (await madeAt(docker, Name)) < youngMs) continue;
    await removeVolume(docker, Name);
  }
}

async function madeAt(docker: Docker, name: string): Promise<number> {
  const volume: object = await docker
    .getVolume(name)
    .inspect()
    .catch(() => ({}));
  const at = "CreatedAt" in volume && typeof volume.CreatedAt === "string" ? Date.parse(volume.CreatedAt) : Number.NaN;
  return Number.isNaN(at) ? Date.now() : at;
}
