import type { ChartSpec } from "./chart/spec.ts";

/** The chart that a text's first table of numbers makes, drawn; null when there is none. */
export async function tableChart(
  text: string,
  name: string,
): Promise<{ readonly chart: ChartSpec; readonly bytes: Uint8Array } | null> {
  const [{ chartOf }, { drawChart }] = await load();
  const chart = chartOf(text, name);
  return chart === null ? null : { chart, bytes: drawChart(chart) };
}

/** Draws a chart. */
export async function drawn(chart: ChartSpec): Promise<Uint8Array> {
  const [, { drawChart }] = await load();
  return drawChart(chart);
}

/** With the first chart, a dozen files that an idle service has no use for. */
function load() {
  return Promise.all([import("./chart/spec.ts"), import("./chart/draw.ts")]);
}
