import { z } from "zod";
import { beginning } from "../core/excerpt.ts";
import type { Sandbox } from "../core/sandbox.ts";
import { tool } from "../core/tool.ts";
import { closeNames } from "../model/names.ts";
import { fileMemory } from "./file-memory.ts";
import { filesNamed, isFault, namesIn } from "./workspace.ts";

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
  aliases: { file_path: "path", filename: "path" },
  preview: ({ path }) => `read ${path}`,
  async run({ path, offset, limit }, context) {
    const sandbox = await context.sandbox();
    const data = await read(sandbox, path);
    if (data === null) return await listing(sandbox, path);
    fileMemory(sandbox).seen(path, data);
    if (data.includes(0))
      throw new Error(`${path} is not text (${data.length} bytes). Look at it with the terminal, e.g. file or xxd.`);
    return page(new TextDecoder().decode(data), offset, limit, context.limits.resultChars);
  },
});

/** Null for a directory. */
async function read(sandbox: Sandbox, path: string): Promise<Uint8Array | null> {
  try {
    return await sandbox.readFile(path, fileBytes);
  } catch (thrown) {
    if (isFault(thrown, "directory", path, sandbox)) return null;
    if (!isFault(thrown, "missing", path, sandbox)) throw thrown;
    const meant = await similar(sandbox, path);
    throw new Error(`There is no file ${path}.${meant.length === 0 ? "" : ` Did you mean ${meant.join(" or ")}?`}`, {
      cause: thrown,
    });
  }
}

async function listing(sandbox: Sandbox, path: string): Promise<string> {
  const names = (await namesIn(sandbox, path)) ?? [];
  const shown = names.slice(0, mostNames);
  const more =
    names.length > mostNames
      ? `\n[${names.length >= mostListed ? "many" : names.length - mostNames} more; use search_files with target files]`
      : "";
  return `${path} is a directory${shown.length === 0 ? ", and empty." : `:\n${shown.join("\n")}`}${more}`;
}

const mostNames = 100;
/** What `namesIn` gives at most. */
const mostListed = 500;

/** Files beside it with a name much like it, else those of its very name elsewhere. */
async function similar(sandbox: Sandbox, path: string): Promise<readonly string[]> {
  const slash = path.lastIndexOf("/");
  const [directory, name] = [path.slice(0, slash + 1), path.slice(slash + 1)];
  const beside = closeNames(name, (await namesIn(sandbox, directory === "" ? "." : directory)) ?? []);
  return beside.length > 0 ? beside.map((each) => directory + each) : await filesNamed(sandbox, name);
}

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
  const kept = beginning(line, lineChars);
  return `${kept}[... ${line.length - kept.length} characters cut]`;
}
