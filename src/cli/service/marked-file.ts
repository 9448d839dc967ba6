import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../../core/failures.ts";

/** How the mark of a file is written: behind `#`, or within an XML comment. */
export type Comment = "hash" | "xml";

/** What stands where a unit belongs. `own` is as it was written here, `changed` was written here and then edited, `foreign` never was. */
export type Standing = { readonly state: "missing" } | { readonly state: "own" | "changed" | "foreign"; readonly text: string };

/** The text with a mark at its top by which it is known again, and known to be unchanged. */
export function marked(text: string, comment: Comment, remark: string): string {
  const lines = [`${remark}`, `${mark}${digest(text)}`];
  const [first, written] = comment === "hash" ? ["", lines.map((line) => `# ${line}`)] : [xmlFirst, [xmlComment(lines)]];
  return `${first}${written.join("\n")}\n${text}`;
}

/** Looks whether the file is there, and whether it is still what was written. */
export async function standing(file: string): Promise<Standing> {
  const text = await readFile(file, "utf8").catch(async (thrown: unknown) => await unreadable(file, thrown));
  if (text === null) return { state: "missing" };
  const found = markLine.exec(text);
  if (found === null) return { state: "foreign", text };
  const body = text.slice(found.index + found[0].length);
  return { state: digest(body) === found[1] ? "own" : "changed", text };
}

/** Replaces the file at once. Units are read by the service manager alone, and hold no secrets. */
export async function writeUnit(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, text, { mode: unitMode });
    await chmod(temporary, unitMode);
    await rename(temporary, file);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Failure("config.invalid", `${file} can't be written (${codeOf(thrown)}); nothing was changed.`, {
      advice: "Make its folder writable, and see that its disk has room.",
      cause: thrown,
    });
  }
}

const unitMode = 0o644;
const mark = "hermes-team sha256:";
const markLine = /^(?:# )?hermes-team sha256:([0-9a-f]{64})(?:\n-->)?\n/m;
const xmlFirst = `<?xml version="1.0" encoding="UTF-8"?>\n`;

/** Two hyphens would end the comment. */
function xmlComment(lines: readonly string[]): string {
  return ["<!--", ...lines.map((line) => line.replaceAll("--", "- -")), "-->"].join("\n");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function unreadable(file: string, thrown: unknown): Promise<null> {
  if (codeOf(thrown) === "ENOENT" && (await lstat(file).catch(() => null)) === null) return null;
  throw new Failure("config.invalid", `${file} can't be read (${codeOf(thrown)}).`, {
    advice: "Make it a file that you may read, or take it away.",
    cause: thrown,
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
}
