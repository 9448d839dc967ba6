import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { corpus } from "./index.ts";
import { faultsOf, outcomeOf } from "./outcome.ts";

const begin = "<!-- corpus: written by `node test/corpus/report.ts --write` -->";
const end = "<!-- /corpus -->";

/** The page that holds the report. */
export const page = fileURLToPath(new URL("../../docs/models.md", import.meta.url));

/** The page with the report as it is now between its marks. */
export function withReport(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has no place for the corpus report`);
  return `${text.slice(0, from + begin.length)}\n\n${report()}\n\n${text.slice(to)}`;
}

/** One row a group. Recovered: run as meant, or refused and told where running would be guessing. */
function report(): string {
  const rows = corpus.map(({ name, cases }) => {
    const good = cases.filter((one) => faultsOf(one, outcomeOf(one.chunks)).length === 0);
    return { name, all: cases.length, good: good.length, refused: good.filter((one) => one.told === true).length };
  });
  const sum = (key: "all" | "good" | "refused"): number => rows.reduce((total, row) => total + row[key], 0);
  const lines = [...rows, { name: "All", all: sum("all"), good: sum("good"), refused: sum("refused") }].map(
    ({ name, all, good, refused }) => `| ${name} | ${all} | ${good} | ${refused} |`,
  );
  return ["| What is wrong | Streams | Recovered | of these rightly refused |", "|---|---|---|---|", ...lines].join("\n");
}

if (import.meta.main) {
  if (process.argv.includes("--write")) writeFileSync(page, withReport(readFileSync(page, "utf8")));
  else process.stdout.write(`${report()}\n`);
}
