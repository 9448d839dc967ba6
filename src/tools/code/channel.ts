import { z } from "zod";
import type { Attached } from "../../core/sandbox.ts";

const call = z.object({ tool: z.string(), args: z.record(z.string(), z.unknown()) });

/** What the code may ask for, one call at a time. Throws an Error that the code reads. */
export type Serve = (tool: string, args: Readonly<Record<string, unknown>>) => Promise<string>;

/** A line longer than this is no call; the rest of it is dropped. */
const longestLine = 8 * 1024 * 1024;

/** Answers the calls that a program writes, a line of JSON each, in order. */
export function channel(serve: Serve): { take(chunk: Uint8Array): void; to(program: Attached): void } {
  const decoder = new TextDecoder();
  let buffer = "";
  let program: Attached | null = null;
  let queue = Promise.resolve();
  const answer = async (line: string): Promise<void> => {
    const text = await answered(serve, line);
    program?.write(`${JSON.stringify(text)}\n`);
  };
  return {
    take(chunk) {
      buffer += decoder.decode(chunk, { stream: true });
      const lines = buffer.split("\n");
      buffer = (lines.pop() ?? "").slice(0, longestLine);
      for (const line of lines) queue = queue.then(() => answer(line));
    },
    to: (attached) => void (program = attached),
  };
}

async function answered(serve: Serve, line: string): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const { tool, args } = call.parse(JSON.parse(line));
    return { ok: true, text: await serve(tool, args) };
  } catch (thrown) {
    return { ok: false, text: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
