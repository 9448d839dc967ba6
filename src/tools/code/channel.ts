import { z } from "zod";
import type { Attached } from "../../core/sandbox.ts";

const call = z.object({ tool: z.string(), args: z.record(z.string(), z.unknown()) });

/** What the code may ask for, one call at a time. Throws an Error that the code reads. */
export type Serve = (tool: string, args: Readonly<Record<string, unknown>>) => Promise<string>;

/** No call is longer, in characters, and no code makes so many: what does writes to the pipe past our module. */
const longestLine = 8 * 1024 * 1024;
const mostLines = 500;

/** Calls that come from the program, and answers that go to it. */
export interface Channel {
  take(chunk: Uint8Array): void;
  to(program: Attached): void;
  /** Begins no call any more. */
  close(): void;
}

/** Answers the calls that a program writes, a line of JSON each, in order. `onFlood`: it writes what can't be calls; nothing of it is kept. */
export function channel(serve: Serve, onFlood: () => void): Channel {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let [kept, seen, open] = [0, 0, true];
  let program: Attached | null = null;
  let queue = Promise.resolve();
  const answer = async (line: string): Promise<void> => {
    if (!open) return;
    const text = await answered(serve, line);
    if (open) program?.write(`${JSON.stringify(text)}\n`);
  };
  const close = (): void => {
    open = false;
    parts = [];
  };
  return {
    take(chunk) {
      if (!open) return;
      const lines = decoder.decode(chunk, { stream: true }).split("\n");
      const rest = lines.pop() ?? "";
      seen += lines.length;
      kept = lines.length === 0 ? kept + rest.length : rest.length;
      if (seen > mostLines || kept > longestLine) {
        close();
        return onFlood();
      }
      for (const [index, line] of lines.entries()) {
        const whole = index === 0 ? parts.splice(0).join("") + line : line;
        queue = queue.then(() => answer(whole));
      }
      parts.push(rest);
    },
    to: (attached) => void (program = attached),
    close,
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
