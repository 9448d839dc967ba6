import { z } from "zod";
import { tool } from "../core/tool.ts";

/** Larger files are read in parts with the terminal. */
const fileBytes = 10 * 1024 * 1024;
/** The original's limits. */
const mostLines = 2_000;
const lineChars = 2_000;
/** Left for the line that says where to go on. */
const noteChars = 200;

const parameters = z.strictObject({
  path: z.string().min(1).describe("Relative to /workspace."),
  offset: z.int().min(1).max(1e9).default(1).describe("First line."),
  limit: z.int().min(1).max(mostLines).default(500).describe("Lines."),
});

export const readFile = tool({
  name: "read_file",
  description: "Read a text file from the workspace, as LINE|TEXT.",
  kind: "read",
  toolset: "file",
  parameters,
  preview: ({ path }) => `read ${path}`,
  async run({ path, offset, limit }, context) {
    const sandbox = await context.sandbox();
    const data = await sandbox.readFile(path, fileBytes);
    if (data.includes(0))
      throw new Error(`${path} is not text (${data.length} bytes). Look at it with the terminal, e.g. file or xxd.`);
    return page(new TextDecoder().decode(data), offset, limit, context.limits.resultChars);
  },
});

function page(text: string, offset: number, limit: number, resultChars: number): string {
  if (text === "") return "(the file is empty)";
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (offset > lines.length) throw new Error(`offset ${offset} is past the end: the file has ${lines.length} lines.`);
  const shown: string[] = [];
  let room = resultChars - noteChars;
  for (const [index, line] of lines.slice(offset - 1, offset - 1 + limit).entries()) {
    const numbered = `${offset + index}|${shorten(line)}`;
    room -= numbered.length + 1;
    if (room < 0 && shown.length > 0) break;
    shown.push(numbered);
  }
  const last = offset + shown.length - 1;
  const rest = last < lines.length ? `\n[lines ${offset}-${last} of ${lines.length}; go on with offset ${last + 1}]` : "";
  return shown.join("\n") + rest;
}

function shorten(line: string): string {
  if (line.length <= lineChars) return line;
  return `${line.slice(0, lineChars)}[... ${line.length - lineChars} characters cut]`;
}
