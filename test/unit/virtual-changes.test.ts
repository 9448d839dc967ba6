import assert from "node:assert/strict";
import test from "node:test";
import { Bash, type IFileSystem, InMemoryFs, type MkdirOptions } from "just-bash";
import { oneChangeAtATime } from "../../src/sandbox/virtual-changes.ts";

test("a command that is stopped in mid-change leaves the change to come to its end, and all later ones their turn", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: letGoOn } = Promise.withResolvers<void>();
  const memory = new InMemoryFs();
  const mkdir = (path: string, options?: MkdirOptions): Promise<void> => {
    begin();
    // By callbacks, as the library's own file system does it.
    return new Promise((resolve, reject) => void goOn.then(() => memory.mkdir(path, options)).then(resolve, reject));
  };
  const files = oneChangeAtATime(changed(memory, mkdir));
  const stop = new AbortController();
  const stopped = new Bash({ fs: files }).exec("mkdir /first", { signal: stop.signal });
  await begun;
  stop.abort();
  assert.match((await stopped).stderr, /aborted/);
  const waiting = new Bash({ fs: files }).exec("mkdir /second; echo /*d /*t");
  letGoOn();
  assert.equal((await waiting).stdout, "/second /first\n");
});

function changed(files: IFileSystem, mkdir: IFileSystem["mkdir"]): IFileSystem {
  return new Proxy(files, {
    get: (target, name) => {
      const own: unknown = name === "mkdir" ? mkdir : Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}
