import { posix } from "node:path";
import type { Place } from "./machine.ts";
import { checkCommand } from "./paths.ts";
import { newMarker, type Shell } from "./shell.ts";
import { inShellTime } from "./shell-files.ts";
import { enterScript, quoted } from "./shell-scripts.ts";

/** Where the session's next command would run, links followed; by the words of the path where the shell can't say. */
export async function directory(shell: Shell, { workspace }: Place, workdir: string): Promise<string> {
  checkCommand(workdir);
  const marker = newMarker();
  const chunks: Buffer[] = [];
  const script = enterScript(workspace, "pwd -P; exit");
  const at = quoted(workdir);
  const line = `$B -c ${quoted(script)} sh "$IN" ${at} < /dev/null 2> /dev/null; printf '%s ok\\n' ${quoted(marker)}\n`;
  await inShellTime(shell, () => shell.call(marker, line, (chunk) => chunks.push(Buffer.from(chunk))));
  const said = Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
  return said.startsWith("/") ? said : posix.resolve(workspace, workdir);
}
