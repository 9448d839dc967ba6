import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** The files that one kind of process has written, newest first: `worker.log`, `worker.log.1`, `worker.log.2.gz`. */
export interface LogChain {
  readonly name: string;
  readonly files: readonly string[];
}

/** The chains in a directory; none where it can't be read. */
export async function logChains(directory: string, names: readonly string[] | null): Promise<readonly LogChain[]> {
  const found = await readdir(directory).catch(() => []);
  const parts = found.flatMap((file) => {
    const [, name, age = "0"] = /^([\w-]+)\.log(?:\.(\d{1,6}))?(?:\.gz)?$/.exec(file) ?? [];
    return name === undefined || (names !== null && !names.includes(name))
      ? []
      : [{ name, age: Number(age), file: join(directory, file) }];
  });
  const byName = Map.groupBy(
    parts.toSorted((one, other) => one.age - other.age),
    ({ name }) => name,
  );
  return [...byName].map(([name, own]) => ({ name, files: own.map(({ file }) => file) }));
}

/** A file as `hermes logs list` shows it. */
export async function logFileFacts(chain: LogChain): Promise<readonly { file: string; bytes: number; at: number }[]> {
  const facts = chain.files.map(async (file) => {
    const found = await stat(file).catch(() => null);
    return found === null ? [] : [{ file, bytes: found.size, at: found.mtimeMs }];
  });
  return (await Promise.all(facts)).flat();
}
