import { newMarker, type Shell, ShellEnded } from "./shell.ts";
import type { Place } from "./machine.ts";
import { outputCollector } from "./output.ts";
import { absolutePath, faultError, type FileFault, fileFaults } from "./paths.ts";
import { quoted } from "./shell-scripts.ts";

/** Longest a file operation may take before the shell is given up. */
const fileMs = 20_000;

/** Reads a whole file of at most `limitBytes` through the shell. */
export async function readFile(shell: Shell, { workspace }: Place, path: string, limitBytes: number): Promise<Uint8Array> {
  const absolute = absolutePath(path, workspace);
  const marker = newMarker();
  const chunks: Buffer[] = [];
  const trailer = await inShellTime(shell, () =>
    shell.call(marker, `f ${quoted(marker)} ${quoted(absolute)} ${limitBytes + 1}\n`, (chunk) => chunks.push(Buffer.from(chunk))),
  );
  const data = Buffer.concat(chunks);
  const fault = faultOf(trailer);
  if (fault !== null) throw faultError(fault, path, data.subarray(0, 500).toString("utf8"), workspace);
  if (data.length > limitBytes) throw faultError("large", path, "", workspace);
  return data;
}

/** Writes a file through the shell: first its name is checked and its directories made, then the bytes follow. */
export async function writeFile(shell: Shell, { workspace }: Place, path: string, data: Uint8Array): Promise<void> {
  const absolute = absolutePath(path, workspace);
  const [first, second] = [newMarker(), newMarker()];
  const said = outputCollector();
  const line = `w ${[first, second, absolute].map(quoted).join(" ")} ${data.length}\n`;
  await inShellTime(shell, async () => {
    const prepared = await shell.call(first, line, (chunk) => said.push(chunk));
    const fault = faultOf(prepared);
    if (fault !== null) throw faultError(fault, path, said.text(), workspace);
    const written = await shell.call(second, Buffer.concat([newline, data]), (chunk) => said.push(chunk));
    if (written === "ok") return;
    // The rest of the file may still be on its way to a shell that would read it as commands.
    shell.end();
    throw faultError("failed", path, said.text(), workspace);
  });
}

const newline = Buffer.from("\n");

function faultOf(trailer: string): FileFault | null {
  return trailer === "ok" ? null : (fileFaults.find((fault) => fault === trailer) ?? "failed");
}

/** A call that is short in itself; a shell that takes long over it is given up. */
export async function inShellTime<Result>(shell: Shell, task: () => Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => shell.end(), fileMs);
  try {
    return await task();
  } catch (thrown) {
    if (thrown instanceof ShellEnded) shell.end();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}
