import { plainWords } from "../core/markdown.ts";
import type { SentFile } from "../core/files.ts";
import { tableChart } from "../insights/charts.ts";

/** A chart that goes with a report. */
export interface ReportChart {
  readonly file: SentFile;
  readonly bytes: Uint8Array;
  /** What short signs in it stand for; empty where it says everything itself. */
  readonly legend: readonly string[];
}

/** A chart of the first table of numbers in a report; null when there is none. The same report gives the same bytes. */
export async function chartOfReport(name: string, text: string): Promise<ReportChart | null> {
  const drawn = await tableChart(text, name);
  if (drawn === null) return null;
  const { chart, bytes } = drawn;
  return { file: { kind: "picture", name: "chart.png", size: bytes.length, path: "" }, bytes, legend: chart.legend };
}

/** A report with what the signs in its chart mean. */
export function explained(text: string, { legend }: Pick<ReportChart, "legend">): string {
  return legend.length === 0 ? text : `${text.trim()}\n\n*${legend.map(plainWords).join(" · ")}*`;
}
