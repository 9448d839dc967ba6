import { AsyncLocalStorage } from "node:async_hooks";
import type { IFileSystem } from "just-bash";
import { turnstile } from "./turnstile.ts";

const changing: ReadonlySet<string | symbol> = new Set<keyof IFileSystem>([
  "writeFile",
  "appendFile",
  "mkdir",
  "rm",
  "cp",
  "mv",
  "chmod",
  "symlink",
  "link",
  "utimes",
]);

/**
 * A file system that is changed by one command at a time, and outside of all of them. Without the first, two commands that change files at
 * once wait for ever: the file system's own queue goes on in the wrong one's context (vercel-labs/just-bash#442). Without the second, a
 * command that is stopped in mid-change leaves it without an end, since nothing goes on any more that was begun in its context: all later
 * changes wait for ever, or the thread ends of an error that nobody takes.
 */
export function oneChangeAtATime(files: IFileSystem): IFileSystem {
  const inTurn = turnstile();
  const outside = AsyncLocalStorage.snapshot();
  return new Proxy(files, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      if (!changing.has(name)) return own.bind(target);
      return (...args: readonly unknown[]): Promise<unknown> =>
        outside(() => inTurn(async () => await Reflect.apply(own, target, args)));
    },
  });
}
