/**
 * `npm run check`: types, lint, format, the import rule, dead code, and the house's own rules, all at the same time. One line a part;
 * the whole output of those that fail. Checks the tree it is started in. `npm run check imports` checks only that part.
 */
import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** Says what is wrong though the program found nothing; null when all is well. */
  readonly doubt?: (output: string) => string | null;
}

interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: string;
}

// Listed one by one: without them the linter walks into node_modules.
const folders = ["src", "adapters", "workers", "test", "bench", "bin"].filter((folder) => existsSync(folder));
const programs = join(process.cwd(), "node_modules/.bin");

const typesCache = join(process.cwd(), "node_modules/.cache/check.tsbuildinfo");

const parts: readonly Part[] = [
  { name: "types", command: [join(programs, "tsc"), "-p", ".", "--incremental", "--tsBuildInfoFile", typesCache] },
  { name: "lint", command: [join(programs, "oxlint"), "--type-aware", "--deny-warnings", ...folders] },
  { name: "format", command: [join(programs, "oxfmt"), "--check", ...folders] },
  {
    name: "imports",
    command: [join(programs, "depcruise"), "--config", ".dependency-cruiser.mjs", ...folders],
    doubt: doubtUnseen,
  },
  { name: "unused", command: [join(programs, "knip"), "--no-progress", "--no-config-hints"] },
  { name: "house", command: [process.execPath, join(import.meta.dirname, "house.ts")] },
];

const asked = process.argv.slice(2);
const results = await Promise.all(parts.filter(({ name }) => asked.length === 0 || asked.includes(name)).map(run));
for (const { ok, name, output } of results) if (!ok) process.stdout.write(`\n── ${name}\n${output.trimEnd()}\n\n`);
for (const { ok, name, seconds } of results) process.stdout.write(`${ok ? "✔" : "✖"} ${name.padEnd(8)} ${seconds} s\n`);
process.exitCode = results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;

async function run(part: Part): Promise<Result> {
  const start = Date.now();
  const [program = "", ...args] = part.command;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", CI: "" },
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  const [code, out, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const doubt = part.doubt?.(stripVTControlCharacters(out)) ?? null;
  // Some colour their output wherever they think that they are on CI.
  const output = stripVTControlCharacters([out, errors, doubt ?? ""].filter((piece) => piece !== "").join("\n"));
  return { name: part.name, ok: code === 0 && doubt === null, output, seconds: ((Date.now() - start) / 1000).toFixed(1) };
}

/** dependency-cruiser is content when it could parse nothing: it must have seen at least our own files. */
function doubtUnseen(output: string): string | null {
  const seen = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
  const ours = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`)).length;
  return seen > 0 && seen >= ours ? null : `dependency-cruiser saw ${seen} modules, but there are ${ours} files`;
}
