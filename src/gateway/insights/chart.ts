import { drawn } from "../../insights/charts.ts";
import type { ContextUsage } from "../../store/usage.ts";
import { lengthOf } from "./markdown.ts";

/** How fast the model reads and writes by the length of the prompt, as a picture; null where there is nothing to compare. */
export async function speedChart(contexts: readonly ContextUsage[]): Promise<Uint8Array | null> {
  const panels = [
    panel(
      "Writing, tok/s",
      0,
      contexts.map(({ writeMedian }) => writeMedian),
    ),
    panel(
      "Reading what was not cached, tok/s",
      1,
      contexts.map(({ readMedian }) => readMedian),
    ),
  ].filter(({ series: [{ values }] }) => values.filter((value) => value !== null).length > 1);
  if (panels.length === 0) return null;
  return await drawn({
    title: "Speed by context, in tokens",
    labels: contexts.map((each) => lengthOf(each)),
    panels,
    note: "",
    legend: [],
  });
}

function panel(name: string, colour: number, values: readonly (number | null)[]) {
  const decimals = values.some((value) => value !== null && value < 10) ? 1 : 0;
  return { kind: "bars", unit: { before: "", after: "" }, decimals, series: [{ name, colour, values }] } as const;
}
