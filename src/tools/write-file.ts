import { z } from "zod";
import { tool } from "../core/tool.ts";

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
    await sandbox.writeFile(path, data);
    const lines = content === "" ? 0 : content.replace(/\n$/, "").split("\n").length;
    return `Wrote ${path}: ${data.length} bytes, ${lines} ${lines === 1 ? "line" : "lines"}.`;
  },
});

/** What read_file shows, given back by mistake: three or more lines, each numbered one above the last. */
function isNumbered(content: string): boolean {
  const numbers = content
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => Number(/^ *(\d+)\|/.exec(line)?.[1] ?? Number.NaN));
  return numbers.length >= 3 && numbers.every((number, index) => number === (numbers[0] ?? 0) + index);
}
