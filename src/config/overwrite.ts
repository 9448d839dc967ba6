import { type FileHandle, open } from "node:fs/promises";

/**
 * Puts text into a file that can't be replaced, as one that is mounted by itself. On an error what was in it is put back: it had room, so it
 * has, where the new text has none.
 */
export async function overwrite(file: string, text: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const old = await handle.readFile();
    await put(handle, Buffer.from(text)).catch(async (thrown: unknown) => {
      await put(handle, old);
      throw thrown;
    });
  } finally {
    await handle.close();
  }
}

/** Cut after it is written, not before: so the file keeps its place on the disk. */
async function put(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength;)
    done += (await handle.write(bytes, done, bytes.byteLength - done, done)).bytesWritten;
  await handle.truncate(bytes.byteLength);
  await handle.sync();
}
