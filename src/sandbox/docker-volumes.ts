import type Docker from "dockerode";
import { statusOf } from "./docker-engine.ts";
import { userId, volumeMount } from "./docker-spec.ts";

/** A volume to be made. */
export interface VolumeWish {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Megabytes, where the engine can limit them. */
  readonly diskMb: number;
}

/** Makes a volume, with a size limit where the file system can; an existing one is left as it is. Gives the labels that it has. */
export async function createVolume(docker: Docker, { name, labels, diskMb }: VolumeWish): Promise<Record<string, string>> {
  const wish = { Name: name, Labels: { ...labels } };
  if (unlimited.has(docker) || (await isPodman(docker))) await docker.createVolume(wish).catch(unlessThere);
  else {
    try {
      await docker.createVolume({ ...wish, DriverOpts: { size: `${diskMb}M` } });
    } catch {
      await docker.createVolume(wish);
      unlimited.add(docker);
    }
  }
  // The answer to a wish is not what is there when somebody else was faster.
  const made = await docker.getVolume(name).inspect();
  return made.Labels ?? {};
}

/** Somebody else has made it meanwhile. */
function unlessThere(thrown: unknown): void {
  if (statusOf(thrown) !== 409) throw thrown;
}

/** Engines that have refused a limit and then taken the same volume without one: they are not asked again by this process. */
const unlimited = new WeakSet<Docker>();

/** Podman takes a limit that it can't keep, and then can't mount the volume. */
async function isPodman(docker: Docker): Promise<boolean> {
  const { Components } = await docker.version();
  const podman = Components.some(({ Name }) => Name.startsWith("Podman"));
  if (podman) unlimited.add(docker);
  return podman;
}

/** Whether this engine limits how much a volume holds: tried with one that is removed again. */
export async function limitsDisk(docker: Docker, name: string): Promise<boolean> {
  if (await isPodman(docker)) return false;
  try {
    await docker.createVolume({ Name: name, DriverOpts: { size: "16M" } });
  } catch {
    return false;
  }
  await removeVolume(docker, name);
  return true;
}

/** Removes a volume unless something uses it. */
export async function removeVolume(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (thrown) {
    // 404: gone already. 409: in use.
    if (statusOf(thrown) !== 404 && statusOf(thrown) !== 409) throw thrown;
  }
}

/**
 * Gives a volume to the unprivileged user. An archive whose only entry is the directory is unpacked by the engine itself, through a
 * container that is made for it and never started: needs no root process, no capability and no program in the image.
 */
export async function giveVolume(docker: Docker, image: string, { name, labels }: VolumeWish, target: string): Promise<void> {
  const bearer = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh"],
    Labels: { ...labels },
    HostConfig: { NetworkMode: "none", Mounts: [volumeMount(name, target)] },
  });
  try {
    await bearer.putArchive(directoryTar(target), { path: "/" });
  } finally {
    await bearer.remove({ force: true });
  }
}

/** A tar archive (ustar) with one entry, a directory, mode 0755, owned by the unprivileged user. */
function directoryTar(path: string): Buffer {
  const tar = Buffer.alloc(512 * 3);
  const field = (offset: number, text: string): number => tar.write(text, offset, "latin1");
  const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");
  field(0, `${path.slice(1)}/`);
  field(100, octal(0o755, 7));
  field(108, octal(userId, 7));
  field(116, octal(userId, 7));
  field(124, octal(0, 11));
  field(136, octal(Math.floor(Date.now() / 1000), 11));
  field(148, " ".repeat(8));
  field(156, "5");
  field(257, "ustar\u000000");
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  field(148, `${octal(sum, 6)}\0 `);
  return tar;
}
