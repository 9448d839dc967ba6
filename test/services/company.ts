import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** As many files as one process takes: each that has one of its own loads and compiles the product anew, half a second or more. */
const atMost = 12;

/**
 * What changes or measures a process as a whole, its clock above all, and hooks outside of a suite, which would be those of all tests of
 * the process: such a file has a process of its own.
 */
const lonely = [
  /\bvirtualClock\b|\bmock\.|\bglobalThis\b|\bsetGlobalDispatcher\b|\bprocess\.env\[[^\]]+\] = |\bdelete process\b/,
  /\bprocess\.(?:chdir|on|once|off|emit|cpuUsage|memoryUsage|resourceUsage|getActive|exitCode|umask)\b/,
  /^(?:before|after|beforeEach|afterEach)\(|\binBrowser\(\)/m,
];

/** The test files as few programs, made in `folder`, in the files' order; one after another in each. Reports name the files themselves. */
export function inCompany(files: readonly string[], folder: string): readonly string[] {
  const companies: string[][] = [];
  const open = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const alone = lonely.some((sign) => sign.test(text));
    const company = alone ? undefined : open.get(dirname(file));
    if (company !== undefined && company.length < atMost) {
      company.push(file);
      continue;
    }
    const next = [file];
    companies.push(next);
    if (!alone) open.set(dirname(file), next);
  }
  return companies.map((company, at) => (company.length === 1 ? (company[0] ?? "") : written(company, folder, at)));
}

/** A file that can't be loaded fails by itself. */
function written(files: readonly string[], folder: string, at: number): string {
  const path = join(folder, `${basename(dirname(files[0] ?? ""))}-${at}.mjs`);
  const addresses = JSON.stringify(files.map((file) => pathToFileURL(file).href));
  const load = "await import(file).catch((thrown) => test(`${file} can be loaded`, () => Promise.reject(thrown)))";
  writeFileSync(path, `import test from "node:test";\nfor (const file of ${addresses}) ${load};\n`);
  return path;
}
