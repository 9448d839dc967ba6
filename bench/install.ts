import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Figure, type Row, single } from "./figures.ts";

const root = resolve(import.meta.dirname, "..");
const atMostMb = 300;
/** As large as a disk's blocks are nearly everywhere: each file takes whole ones. */
const blockBytes = 4_096;
/** The Node that the scripts run on; a machine that has one needs no other. */
const node = /^node(?:-bin-.*|$)/;

/** What `npm install --omit=dev` brings, without the `node` package. */
export const install: Row = {
  name: "install",
  title: "a production install without the node package",
  async measure(): Promise<readonly Figure[]> {
    const place = await mkdtemp(join(tmpdir(), "hermes-install-"));
    try {
      for (const file of ["package.json", "package-lock.json"]) await copyFile(join(root, file), join(place, file));
      const args = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
      await promisify(execFile)("npm", args, { cwd: place });
      const { bytes, blocks } = await sizeOf(join(place, "node_modules"));
      return [
        single("its files", bytes / 1e6, "MB", { atMost: atMostMb }),
        single("on a disk of 4 KiB blocks", (blocks * blockBytes) / 2 ** 20, "MiB", { atMost: atMostMb }),
      ];
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  },
};

async function sizeOf(folder: string): Promise<{ readonly bytes: number; readonly blocks: number }> {
  const sum = { bytes: 0, blocks: 0 };
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (node.test(path.slice(folder.length + 1).split("/")[0] ?? "")) continue;
    const { size } = await stat(path);
    sum.bytes += size;
    sum.blocks += Math.ceil(size / blockBytes);
  }
  return sum;
}
