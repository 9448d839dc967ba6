import { areBackwards, areTimes, labelText, shortened } from "./labels.ts";
import { type Quantities, quantitiesOf, type Unit } from "./quantity.ts";
import { type Table, tablesIn } from "./table.ts";
import { drawable } from "./text.ts";

/** A chart, ready to be drawn. */
export interface ChartSpec {
  readonly title: string;
  /** Of each point or group of bars, from left to right. */
  readonly labels: readonly string[];
  /** One above the other: what has another unit, or is much smaller, has an axis of its own. */
  readonly panels: readonly Panel[];
  /** What is not shown, or an empty text. */
  readonly note: string;
  /** What the short signs in the chart stand for that can't be drawn: `1 = 北京`. */
  readonly legend: readonly string[];
}

/** Series on one axis. */
export interface Panel {
  readonly kind: "bars" | "lines";
  readonly unit: Unit;
  readonly decimals: number;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** Which of the chart's colours it has. */
  readonly colour: number;
  /** As many as labels; null where there is none. */
  readonly values: readonly (number | null)[];
}

const fewestRows = 3;
const mostPoints = 40;
const mostSeries = 4;
/** More bars than that side by side are a fence. */
const mostBars = 48;
/** A series this much smaller than another would lie on its axis. */
const apart = 25;

const sums =
  /^(?:(?:grand |sub)?totals?|sums?|average|avg\.?|mean|median|overall|all|gesamt|summe|合计|总计|总和|平均|平均值|总数)$/i;
/** Columns whose numbers are names. */
const names = /^(?:#|no\.?|nr\.?|id|ids|pid|rank|place|pr|prs? #|issue|ticket|port|line|zip|year|序号|编号|排名)$/i;

/** A chart of the first table of a Markdown text that is mostly numbers; null when there is none. */
export function chartOf(markdown: string, title = ""): ChartSpec | null {
  for (const table of tablesIn(markdown)) {
    const chart = chartOfTable(table, title);
    if (chart !== null) return chart;
  }
  return null;
}

/** A chart of a table whose columns are mostly numbers; null when it is none. */
function chartOfTable(table: Table, title = ""): ChartSpec | null {
  const labelled = labelColumn(table);
  const rows = table.rows.filter((row) => !sums.test(row[labelled] ?? "") && row.some((cell) => cell !== ""));
  if (rows.length < fewestRows || table.head.length < 2) return null;
  const found = table.head.flatMap((name, column): readonly Numbered[] => {
    if (column === labelled || names.test(name)) return [];
    const quantities = quantitiesOf(rows.map((row) => row[column] ?? ""));
    return quantities !== null && shows(quantities) ? [{ name, quantities }] : [];
  });
  const others = table.head.filter((name, column) => column !== labelled && !names.test(name)).length;
  if (found.length === 0 || found.length * 2 < others) return null;
  return specOf(
    rows.map((row) => labelText(row[labelled] ?? "")),
    found,
    title,
  );
}

interface Numbered {
  readonly name: string;
  readonly quantities: Quantities;
}

/** The first column; the second where the first only counts. */
function labelColumn({ head, rows }: Table): number {
  const counts = rows.every((row, at) => Number((row[0] ?? "").replace(/\.$/, "")) === at + 1);
  const next = rows.map((row) => row[1] ?? "");
  const numbered = rows.length > 0 && (counts || names.test(head[0] ?? "")) && !/^year$/i.test(head[0] ?? "");
  return numbered && head.length > 2 && quantitiesOf(next) === null ? 1 : 0;
}

/** Three numbers at least, and not all of them nothing. */
function shows({ values }: Quantities): boolean {
  return values.filter((value) => value !== null).length >= fewestRows && values.some((value) => value !== null && value !== 0);
}

function specOf(labels: readonly string[], found: readonly Numbered[], title: string): ChartSpec {
  const times = areTimes(labels);
  const backwards = times && areBackwards(labels);
  const place = (each: readonly (number | null)[]) => chosen(backwards ? each.toReversed() : each, times);
  const ordered = chosen(backwards ? labels.toReversed() : labels, times);
  const shown = found.slice(0, mostSeries);
  const marked = shortened(ordered).map((label, at) => signFor(label, String(at + 1)));
  const named = shown.map(({ name }, at) => signFor(labelText(name), String.fromCodePoint(65 + at)));
  const series = shown.map(({ quantities }, at) => ({
    quantities,
    series: { name: named[at]?.sign ?? "", colour: at, values: place(quantities.values) },
  }));
  return {
    title: drawable(title) ? title : "",
    labels: marked.map(({ sign }) => sign),
    panels: panelsOf(series, times),
    note: noteOf(labels.length, ordered.length, times, found.length),
    legend: [...named, ...marked].flatMap(({ legend }) => (legend === null ? [] : [legend])),
  };
}

/** Of more points the latest, of more names the first. */
function chosen<Each>(all: readonly Each[], latest: boolean): readonly Each[] {
  return latest ? all.slice(-mostPoints) : all.slice(0, mostPoints);
}

function noteOf(rows: number, shown: number, times: boolean, columns: number): string {
  const some = rows > shown ? [`${times ? "last" : "first"} ${shown} of ${rows} rows`] : [];
  const few = columns > mostSeries ? [`${mostSeries} of ${columns} columns`] : [];
  return [...some, ...few].join(", ");
}

/** A text, or where it can't be drawn a short sign for it and what that means. */
function signFor(text: string, sign: string): { readonly sign: string; readonly legend: string | null } {
  return drawable(text) ? { sign: text, legend: null } : { sign, legend: `${sign} = ${text}` };
}

interface Measured {
  readonly quantities: Quantities;
  readonly series: Series;
}

function panelsOf(all: readonly Measured[], continuous: boolean): readonly Panel[] {
  const groups: Measured[][] = [];
  for (const each of all) {
    const group = groups.find((some) => some.every((other) => together(each, other)));
    if (group === undefined) groups.push([each]);
    else group.push(each);
  }
  return groups.map((group) => {
    const points = group[0]?.series.values.length ?? 0;
    return {
      kind: continuous || points * group.length > mostBars ? "lines" : "bars",
      unit: group[0]?.quantities.unit ?? { before: "", after: "" },
      decimals: Math.max(...group.map(({ quantities }) => quantities.decimals)),
      series: group.map(({ series }) => series),
    };
  });
}

function together(one: Measured, other: Measured): boolean {
  const [first, second] = [one.quantities.unit, other.quantities.unit];
  const sizes = [one, other].map(({ series }) => Math.max(...series.values.map((value) => Math.abs(value ?? 0))));
  const [small = 0, large = 0] = sizes.toSorted((a, b) => a - b);
  return first.before === second.before && first.after === second.after && (small === 0 || large / small <= apart);
}
