/** The house's own rules, those that no linter knows. Prints what breaks them; run by `npm run check` at the top of the repository. */
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

interface Rule {
  readonly name: string;
  /** Which files it minds. */
  readonly files: RegExp;
  /** What a line must not hold. */
  readonly line: RegExp;
}

const linesAtMost = 350;
const everything = /./;
const product = /^(src|adapters|workers|bin)\//;
/** The only places where `import()` may stand. */
const registries = [
  "adapters/registry.ts",
  "src/cli/commands.ts",
  "src/cli/setup/open-talk.ts",
  "src/insights/charts.ts",
  "src/main/lazy-mcp.ts",
  "src/model/connection.ts",
  "src/sandbox/index.ts",
  "src/sandbox/judging.ts",
  "src/store/database.ts",
  "bin/hermes.mjs",
];
/** These name what they forbid. */
const exempt = ["test/house.ts", "test/unit/house.test.ts"];

const rules: readonly Rule[] = [
  {
    name: "no suppressions",
    files: everything,
    line: /(ox|es)lint-disable|(oxfmt|prettier|biome|knip|c8|istanbul)-?ignore|@ts-(ignore|expect-error|nocheck)/,
  },
  { name: "no any", files: everything, line: /\b(as|<) ?any\b|: any\b/ },
  { name: "dynamic imports only in the registries", files: product, line: /(?<!["'`\w.])import\((?!meta)/ },
  {
    name: "no skipped or lone tests",
    files: /^test\//,
    line: /\b(test|it|suite|describe|t)\.(skip|only|todo)\(|\{ (skip|only|todo):/,
  },
  {
    name: "JSON goes into the record by jsonText",
    files: /^src\/store\/(?!storable|record-copy|cluster|home-lock)/,
    line: /JSON\.stringify\(/,
  },
  { name: "nothing left to do", files: everything, line: /\b(TODO|FIXME|XXX|HACK)\b/ },
];

const found = globSync("{src,adapters,workers,test,bench,bin}/**/*.{ts,mjs}").toSorted().flatMap(check);
for (const line of found) process.stdout.write(`${line}\n`);
process.exitCode = found.length > 0 ? 1 : 0;

function check(path: string): readonly string[] {
  if (exempt.includes(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return [...shape(path, lines.length - 1), ...rules.flatMap((rule) => broken(rule, path, lines))];
}

function shape(path: string, count: number): readonly string[] {
  const name = basename(path);
  return [
    count > linesAtMost ? `${path}: ${count} lines, at most ${linesAtMost}` : "",
    /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|mjs)$/.test(name) ? "" : `${path}: name files in kebab-case`,
    /\b(utils?|helpers?|managers?|misc|common)\b/.test(name)
      ? `${path}: a name that says nothing; name the one thing it does`
      : "",
  ].filter((line) => line !== "");
}

function broken(rule: Rule, path: string, lines: readonly string[]): readonly string[] {
  if (!rule.files.test(path) || (rule.name.startsWith("dynamic") && registries.includes(path))) return [];
  return lines.flatMap((line, index) =>
    rule.line.test(uncommented(rule, line)) ? [`${path}:${index + 1}: ${rule.name}: ${line.trim()}`] : [],
  );
}

/** Comments may talk about types and imports; suppressions live in comments. */
function uncommented(rule: Rule, line: string): string {
  return rule.name.startsWith("no suppressions") || rule.name.startsWith("nothing")
    ? line
    : line.replace(/^\s*(\*|\/\/|\/\*).*|\s\/\/ .*/, "");
}
