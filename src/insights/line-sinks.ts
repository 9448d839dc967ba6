import { write } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Appends batches to a file and moves it aside when it is full: `file.1` is the newest old one. Several processes may share it. */
export function rollingFile(file: string, mostBytes: number, oldFiles: number): (batch: string) => Promise<void> {
  const append = async (batch: string): Promise<void> => {
    if (await isFull(file, Buffer.byteLength(batch), mostBytes)) await roll(file, oldFiles);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // Opened for each batch: after another process has rolled the file, lines go to the new one.
    const handle = await open(file, "a", 0o600);
    try {
      await handle.appendFile(batch);
    } finally {
      await handle.close();
    }
  };
  return append;
}

/** Writes batches to an open descriptor without ever blocking the event loop, as `process.stderr` does on a pipe. */
export function descriptor(fd: number): (batch: string) => Promise<void> {
  return async (batch) => {
    let rest = Buffer.from(batch);
    while (rest.length > 0) rest = rest.subarray(await writeSome(fd, rest));
  };
}

/** A pipe that another program made non-blocking answers EAGAIN when it is full: wait for its reader this long. */
const fullPipeMs = 20;

async function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  write(fd, bytes, (error, written) => {
    if (error === null) resolve(written);
    else if (error.code === "EAGAIN") resolve(0);
    else reject(error);
  });
  const written = await promise;
  if (written === 0) await wait(fullPipeMs, undefined, { ref: false });
  return written;
}

async function isFull(file: string, more: number, mostBytes: number): Promise<boolean> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    return size > 0 && size + more > mostBytes;
  } catch {
    return false;
  }
}

async function roll(file: string, oldFiles: number): Promise<void> {
  if (oldFiles === 0) return await rm(file, { force: true });
  for (let age = oldFiles; age >= 1; age--) {
    const older = `${file}.${age}`;
    const newer = age === 1 ? file : `${file}.${age - 1}`;
    // Missing ones, and races with another process that rolls too, cost nothing.
    await rename(newer, older).catch(() => {});
  }
}
