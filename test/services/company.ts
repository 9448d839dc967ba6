import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { needsOf } from "./needs.ts";

/** As many files as one process takes: each that has one of its own loads and compiles the product anew, half a second or more. */
const atMost = 12;
/** Containers take their time: more would be one long row, with nothing beside it at the end. */
const atMostWithContainers = 4;

/** The longest first: what is over soon fills what they leave at the end. */
const order = ["chaos", "e2e", "flow", "isolation", "contract", "escape", "services", "unit"];

/**
 * What changes or measures a process as a whole, its clock above all, and hooks outside of a suite, which would be those of all tests of
 * the process: such a file has a process of its own.
 */
const lonely = [
  /\bvirtualClock\b|\bmock\.|\bglobalThis\b|\bsetGlobalDispatcher\b|\bprocess\.env\[[^\]]+\] = |\bdelete process\b/,
  /\bprocess\.(?:chdir|on|once|off|emit|cpuUsage|memoryUsage|resourceUsage|getActive|exitCode|umask)\b/,
  /^(?:before|after|beforeEach|afterEach)\(|\binBrowser\(\)/m,
];

/**
 * The test files as few programs, made in `folder`, each file after the other in them; reports name the files themselves. Those that wait
 * for containers are spread among those that keep a core busy.
 */
export function inCompany(files: readonly string[], folder: string): readonly string[] {
  const sorted = files.toSorted((one, other) => rank(one) - rank(other));
  const waits = (file: string): boolean => needsOf([file]).has("docker");
  const [waiting, busy] = [sorted.filter(waits), sorted.filter((file) => !waits(file))];
  const companies = spread(companiesOf(busy, atMost), companiesOf(waiting, atMostWithContainers));
  return companies.map((company, at) => (company.length === 1 ? (company[0] ?? "") : written(company, folder, at)));
}

function rank(file: string): number {
  return order.findIndex((name) => file.includes(`/test/${name}/`));
}

function companiesOf(files: readonly string[], most: number): readonly (readonly string[])[] {
  const companies: string[][] = [];
  const open = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const alone = lonely.some((sign) => sign.test(text));
    const company = alone ? undefined : open.get(dirname(file));
    if (company !== undefined && company.length < most) {
      company.push(file);
      continue;
    }
    const next = [file];
    companies.push(next);
    if (!alone) open.set(dirname(file), next);
  }
  return companies;
}

/** Both in their order, `others` at even distances. */
function spread<Item>(items: readonly Item[], others: readonly Item[]): readonly Item[] {
  const placed = (all: readonly Item[], shift: number) => all.map((item, at) => ({ item, place: (at + shift) / all.length }));
  const all = [...placed(items, 0.5), ...placed(others, 0)];
  return all.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

/**
 * A file that can't be loaded fails by itself. The first test ends when all files are loaded: where all that is known of has ended, Node
 * ends the process (`--test-force-exit`), and what was still to be loaded would be left out without a word.
 */
function written(files: readonly string[], folder: string, at: number): string {
  const path = join(folder, `${basename(dirname(files[0] ?? ""))}-${at}.mjs`);
  const addresses = JSON.stringify(files.map((file) => pathToFileURL(file).href));
  const program = [
    'import test from "node:test";',
    "const loaded = Promise.withResolvers();",
    `test("${files.length} files are loaded", () => loaded.promise);`,
    `for (const file of ${addresses}) await import(file).catch((thrown) => test(\`\${file} can be loaded\`, () => Promise.reject(thrown)));`,
    "loaded.resolve();",
  ];
  writeFileSync(path, `${program.join("\n")}\n`);
  return path;
}
