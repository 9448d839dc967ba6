import { z } from "zod";
import type { Deed } from "../core/tool.ts";
import { tool } from "../core/tool.ts";
import type { Sandbox } from "../core/sandbox.ts";
import { applyPatch, touchedPaths } from "./patch/apply.ts";
import { diffOf } from "./patch/diff.ts";
import { parsePatch } from "./patch/parser.ts";
import { replacements } from "./patch/replace.ts";
import { asSent, edited, PatchError, textFile } from "./patch/text-file.ts";
import { fileMemory } from "./file-memory.ts";

/** Larger files are changed with the terminal. */
const fileBytes = 10 * 1024 * 1024;

const parameters = z.strictObject({
  mode: z.enum(["replace", "patch"]).default("replace"),
  path: z.string().default(""),
  old_string: z.string().default("").describe("Unique in the file."),
  new_string: z.string().default(""),
  replace_all: z.boolean().default(false),
  patch: z.string().default("").describe("*** Begin Patch, *** Update File: PATH, @@, ' ' - + lines, *** End Patch"),
});

type Arguments = z.output<typeof parameters>;

export const patch = tool({
  name: "patch",
  description: "Replace text in a file, or patch several (V4A).",
  kind: "effect",
  toolset: "file",
  parameters,
  aliases: { file_path: "path", filename: "path", old_str: "old_string", new_str: "new_string", diff: "patch" },
  deeds: (args) => pathsOf(args).map((path): Deed => ({ kind: "write", command: path, language: "shell", workdir: "" })),
  preview: (args) => `patch ${pathsOf(args).join(", ")}`,
  async run(args, context) {
    const sandbox = await context.sandbox();
    const memory = fileMemory(sandbox);
    const paths = pathsOf(args);
    try {
      const report = isPatch(args) ? await applyPatch(sandbox, parsePatch(args.patch), fileBytes) : await replace(sandbox, args);
      for (const path of paths) memory.changed(path);
      return report;
    } catch (thrown) {
      if (!(thrown instanceof PatchError)) throw thrown;
      throw new Error(`${thrown.message}${advice(memory.failed(paths.join("\n")))}`, { cause: thrown });
    }
  },
});

/** A model that sends a patch means it, whatever the mode says. */
function isPatch({ mode, patch: text, path, old_string: old }: Arguments): boolean {
  return mode === "patch" || (text !== "" && path === "" && old === "");
}

/** None where the arguments name none: then the call fails before it does anything. */
function pathsOf(args: Arguments): readonly string[] {
  if (!isPatch(args)) return args.path === "" ? [] : [args.path];
  try {
    return touchedPaths(parsePatch(args.patch));
  } catch (thrown) {
    if (thrown instanceof PatchError) return [];
    throw thrown;
  }
}

async function replace(sandbox: Sandbox, args: Arguments): Promise<string> {
  const { path, old_string: old, new_string: fresh, replace_all: everywhere } = args;
  if (path === "") throw new PatchError("path is missing: give the file to change, or mode patch with a patch.");
  const data = await sandbox.readFile(path, fileBytes);
  const file = textFile(path, data);
  const { edits, how } = replacements(path, file.text, asSent(file, old), asSent(file, fresh), everywhere);
  await sandbox.writeFile(path, edited(file, edits));
  const places = edits.length === 1 ? "" : ` in ${edits.length} places`;
  const way = how === null ? "" : ` (old_string was found ${how}: check the diff)`;
  return `Changed ${path}${places}${way}:\n${diffOf(file.text, edits)}`;
}

/** What to do next, the more often it has failed. */
function advice(failures: number): string {
  if (failures < 2) return "";
  if (failures < 4)
    return `\nThis has failed ${failures} times: read the file again and copy the lines as they are, without their numbers.`;
  return `\nThis has failed ${failures} times: write the whole file with write_file instead.`;
}
