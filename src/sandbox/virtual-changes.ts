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
 * A file system that is changed by one command at a time. Without this two commands that change files at once wait for ever, and everything
 * after them: the file system's own queue goes on in the wrong one's context (vercel-labs/just-bash#442).
 */
export function oneChangeAtATime(files: IFileSystem): IFileSystem {
  const inTurn = turnstile();
  return new Proxy(files, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      if (!changing.has(name)) return own.bind(target);
      return (...args: readonly unknown[]): Promise<unknown> => inTurn(async () => await Reflect.apply(own, target, args));
    },
  });
}
