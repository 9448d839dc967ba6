import { z } from "zod";
import type { Sandbox } from "../core/sandbox.ts";
import { tool } from "../core/tool.ts";
import { fileMemory } from "./file-memory.ts";
import { present } from "./workspace.ts";

const parameters = z.strictObject({
  path: z.string().min(1).describe("Relative to /workspace."),
  content: z.string().describe("The whole file."),
});

export const writeFile = tool({
  name: "write_file",
  description: "Create or overwrite a file in the workspace; makes its directories.",
  kind: "effect",
  toolset: "file",
  parameters,
  aliases: { file_path: "path", filename: "path", text: "content" },
  deeds: ({ path }) => [{ kind: "write", command: path, language: "shell", workdir: "" }],
  preview: ({ path }) => `write ${path}`,
  async run({ path, content }, context) {
    if (isNumbered(content)) {
      throw new Error(
        "content has the line numbers of read_file in it (LINE|TEXT). Nothing was written. Give the text without them.",
      );
    }
    const data = new TextEncoder().encode(content);
    const sandbox = await context.sandbox();
    await checkSeen(sandbox, path);
    await sandbox.writeFile(path, data);
    fileMemory(sandbox).changed(path);
    fileMemory(sandbox).seen(path, data);
    const lines = content === "" ? 0 : content.replace(/\n$/, "").split("\n").length;
    return `Wrote ${path}: ${data.length} bytes, ${lines} ${lines === 1 ? "line" : "lines"}.`;
  },
});

/** A file that somebody has changed since it was read is not overwritten unseen; a second try is meant. */
async function checkSeen(sandbox: Sandbox, path: string): Promise<void> {
  const memory = fileMemory(sandbox);
  if (!memory.has(path)) return;
  const now = await present(sandbox, path, comparedBytes).catch(() => null);
  if (now === null || !memory.isStale(path, now)) return;
  memory.seen(path, now);
  throw new Error(
    `${path} has changed since you read it. Nothing was written. Read it again; or send the same call once more to overwrite it.`,
  );
}

/** Larger files are not compared. */
const comparedBytes = 10 * 1024 * 1024;

/** What read_file shows, given back by mistake: three or more lines, each numbered one above the last. */
function isNumbered(content: string): boolean {
  const numbers = content
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => Number(/^ *(\d+)\|/.exec(line)?.[1] ?? Number.NaN));
  return numbers.length >= 3 && numbers.every((number, index) => number === (numbers[0] ?? 0) + index);
}
