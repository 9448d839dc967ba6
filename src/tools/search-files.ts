import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Sandbox } from "../core/sandbox.ts";
import { tool } from "../core/tool.ts";
import { faultError } from "../sandbox/paths.ts";
import { searchScript, type SearchWish } from "./search/script.ts";
import { script } from "./workspace.ts";

/** Left for the line that says where to go on. */
const noteChars = 200;

/** Limits stand in no schema: they would cost tokens in every prompt. */
const mostLines = 500;
const mostContext = 20;
const mostChars = 4_000;

const parameters = z.strictObject({
  pattern: z.string().describe("Regex; glob for files."),
  target: z.enum(["content", "files"]).default("content"),
  path: z.string().default("."),
  file_glob: z.string().default(""),
  limit: z.number().default(50),
  offset: z.number().default(0),
  output_mode: z.enum(["content", "files_only", "count"]).default("content"),
  context: z.number().default(0),
});

export const searchFiles = tool({
  name: "search_files",
  description: "Search in files or for files.",
  kind: "read",
  toolset: "file",
  parameters,
  aliases: { query: "pattern", regex: "pattern", glob: "file_glob", include: "file_glob" },
  preview: ({ pattern, path }) => `search ${path === "." ? "" : `${path} `}for ${pattern}`,
  async run(args, context) {
    const { pattern, target, path, file_glob: glob, output_mode: mode } = args;
    const offset = within(args.offset, 0, 1e6);
    const limit = within(args.limit, 1, mostLines);
    const around = within(args.context, 0, mostContext);
    if (/[\n\r\0]/.test(pattern + glob + path)) throw new Error("Line breaks can't be searched for. Search for one line.");
    if (pattern === "" && target === "content") throw new Error("pattern is empty. Give a regular expression, or target files.");
    if ((pattern + glob + path).length > mostChars) throw new Error("The pattern is too long to search for.");
    const sandbox = await context.sandbox();
    const wish: SearchWish = { pattern, target, path, glob, limit, offset, mode, context: around };
    // No name of a file can be taken for a fault.
    const mark = `!${randomUUID()}`;
    const { lines, notes } = await script(sandbox, searchScript(sandbox, wish, mark), context.signal);
    const fault = faultIn(lines, mark, path, sandbox);
    if (fault !== null) throw fault;
    const found = lines.map((line) => line.replace(/^\.\//, ""));
    return [page(found, wish, context.limits.resultChars), notes].filter((part) => part !== "").join("\n");
  },
});

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.trunc(value), least), most);
}

function faultIn([first = ""]: readonly string[], mark: string, path: string, { workspace }: Sandbox): Error | null {
  if (!first.startsWith(`${mark} `)) return null;
  const said = first.slice(mark.length + 1);
  if (said === "missing" || said === "outside") return faultError(said, path, "", workspace);
  return new Error(`The pattern is no regular expression that can be searched for: ${said.replace(/^regex /, "")}`);
}

/** As many lines as were asked for and have room, and how to go on where there are more. */
function page(lines: readonly string[], { offset, limit }: SearchWish, resultChars: number): string {
  if (lines.length === 0) return offset === 0 ? "Nothing found." : `Nothing more: there are at most ${offset} lines.`;
  let room = resultChars - noteChars;
  const shown = lines.slice(0, limit).filter((line, index) => {
    room -= line.length + 1;
    return room >= 0 || index === 0;
  });
  const more = shown.length < lines.length ? `\n[more; go on with offset ${offset + shown.length}]` : "";
  return shown.join("\n") + more;
}
