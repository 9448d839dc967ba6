import type { Sandbox } from "../core/sandbox.ts";
import { redact } from "../core/redact.ts";
import type { ToolContext } from "../core/tool.ts";
import { capText } from "./cap.ts";
import { namesIn, removeFile } from "./workspace.ts";

/** Where results that are too long are kept, in the workspace. */
const directory = ".hermes/results";
/** Older ones are removed. */
const mostKept = 20;

/**
 * A result within the limit: a longer one is put into a file of the workspace, and the model gets its beginning, its end and the path. It
 * is only cut where no file can be written.
 */
export async function withinLimit(name: string, text: string, context: ToolContext): Promise<string> {
  const limit = context.limits.resultChars;
  if (text.length <= limit) return capText(text, limit);
  // Before the cut: half a secret is not known as one.
  const safe = redact(text);
  try {
    const path = await keep(await context.sandbox(), name, safe);
    return capText(safe, limit, `all ${safe.length} are in ${path}: read_file or search_files it`);
  } catch {
    return capText(safe, limit);
  }
}

async function keep(sandbox: Sandbox, name: string, text: string): Promise<string> {
  const kept = ((await namesIn(sandbox, directory)) ?? []).flatMap((file) => {
    const number = Number(/^[a-z][\w-]*-(\d{1,9})\.txt$/.exec(file)?.[1] ?? Number.NaN);
    return Number.isNaN(number) ? [] : [{ file, number }];
  });
  const number = nextNumber(sandbox, Math.max(0, ...kept.map((each) => each.number)));
  const path = `${directory}/${name}-${number}.txt`;
  await sandbox.writeFile(path, new TextEncoder().encode(text));
  for (const { file } of kept.filter((each) => each.number <= number - mostKept))
    await removeFile(sandbox, `${directory}/${file}`);
  return path;
}

/** Calls that run side by side get a number each. */
function nextNumber(sandbox: Sandbox, last: number): number {
  const number = Math.max(last, numbers.get(sandbox) ?? 0) + 1;
  numbers.set(sandbox, number);
  return number;
}

const numbers = new WeakMap<Sandbox, number>();
