import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { IFileSystem } from "just-bash";

/** Even an empty file takes a block. */
const blockBytes = 4096;

/** Wraps a directory-backed file system so that it can't fill the host's disk. */
export async function withQuota(files: IFileSystem, directory: string, diskMb: number): Promise<IFileSystem> {
  const limit = diskMb * 1024 * 1024;
  let used = await sizeOf(directory);
  /** Overwriting counts twice here; so the true size decides before anything is refused. */
  const reserve = async (bytes: number): Promise<void> => {
    if (used + bytes + blockBytes > limit) used = await sizeOf(directory);
    if (used + bytes + blockBytes > limit) throw new Error(`ENOSPC: no space left on device (workspace limit ${diskMb} MB)`);
    used += bytes + blockBytes;
  };
  const guards: Partial<IFileSystem> = {
    writeFile: async (path, content, options) => {
      await reserve(content.length);
      return files.writeFile(path, content, options);
    },
    appendFile: async (path, content, options) => {
      await reserve(content.length);
      return files.appendFile(path, content, options);
    },
    cp: async (source, target, options) => {
      await reserve(await sizeOf(join(directory, join("/", source))));
      return files.cp(source, target, options);
    },
    mkdir: async (path, options) => {
      await reserve(0);
      return files.mkdir(path, options);
    },
  };
  return new Proxy(files, {
    get: (target, name) => {
      const guard: unknown = Reflect.get(guards, name);
      if (guard !== undefined) return guard;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** Bytes of a file or of everything below a directory, links not followed; 0 when it is not there. */
async function sizeOf(path: string): Promise<number> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    const sizes = entries.filter((entry) => entry.isFile()).map((entry) => fileSize(join(entry.parentPath, entry.name)));
    return (await Promise.all(sizes)).reduce((total, bytes) => total + bytes, entries.length * blockBytes);
  } catch {
    return fileSize(path);
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
