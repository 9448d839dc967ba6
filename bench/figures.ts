/** One measured value of a row, with its target where it has one. */
export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly target: string | null;
  /** Null: nothing is asked of it. */
  readonly met: boolean | null;
  readonly note: string;
}

/** A row of the table: measures, and gives its figures. */
export interface Row {
  readonly name: string;
  readonly title: string;
  measure(): Promise<readonly Figure[]>;
}

/** Times in milliseconds as p50 and p95, held to `atMost` at their median. */
export function times(label: string, samples: readonly number[], atMost: number | null, note = ""): Figure {
  const [p50, p95] = [quantile(samples, 0.5), quantile(samples, 0.95)];
  return {
    label,
    value: `${tidy(p50)} / ${tidy(p95)} ms`,
    target: atMost === null ? null : `≤ ${atMost} ms p50`,
    met: atMost === null ? null : p50 <= atMost,
    note: [`p50 / p95 of ${samples.length}`, note].filter((part) => part !== "").join("; "),
  };
}

/** One number with its unit, held to a bound. */
export function single(
  label: string,
  value: number,
  unit: string,
  bound: { readonly atMost: number } | { readonly atLeast: number } | null,
  note = "",
): Figure {
  const shown = `${tidy(value)} ${unit}`;
  if (bound === null) return { label, value: shown, target: null, met: null, note };
  const [target, met] =
    "atMost" in bound
      ? [`≤ ${bound.atMost} ${unit}`, value <= bound.atMost]
      : [`≥ ${bound.atLeast} ${unit}`, value >= bound.atLeast];
  return { label, value: shown, target, met, note };
}

/** The value below which this share of the samples lies (nearest rank). NaN when there are none, which meets no target. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

function tidy(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString("en", { maximumFractionDigits: Number.isInteger(value) ? 0 : digits });
}
