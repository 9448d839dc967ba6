import type { Panel } from "./spec.ts";
import type { Unit } from "./quantity.ts";

/** The values that an axis goes over, from its lowest to its highest line. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Between two ticks. */
  readonly step: number;
}

const wantedSteps = 5;
/** A line whose lowest point is above that share of its highest need not be shown from nothing up. */
const farFromZero = 0.5;

/** A panel's axis: round numbers, with zero where bars stand on it. */
export function axisOf({ kind, series }: Panel): Axis {
  const values = series.flatMap((each) => each.values).filter((value) => value !== null);
  const lowest = Math.min(...values, Infinity);
  const highest = Math.max(...values, -Infinity);
  if (!Number.isFinite(lowest) || !Number.isFinite(highest)) return axisFrom(0, 1);
  if (kind === "bars") return axisFrom(Math.min(0, lowest), Math.max(0, highest));
  const rise = lowest > 0 && lowest < highest * farFromZero;
  const fall = highest < 0 && highest > lowest * farFromZero;
  return axisFrom(rise ? 0 : lowest, fall ? 0 : highest);
}

function axisFrom(lowest: number, highest: number): Axis {
  const size = Math.max(Math.abs(lowest), Math.abs(highest)) || 1;
  // What differs by less than can be counted is a flat line: it gets room above and below.
  const flat = highest - lowest < size * 1e-9;
  const bottom = flat && lowest !== 0 ? lowest - size / 2 : lowest;
  const top = flat ? highest + size / 2 : highest;
  const step = roundStep((top - bottom) / wantedSteps);
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(top / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: first * step, high: last * step, ticks, step };
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 2.5, 5].find((each) => each * power >= size * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Ticks as they are written, all to the same number of digits. */
export function tickTexts({ ticks, step }: Axis, unit: Unit): readonly string[] {
  const size = Math.max(...ticks.map(Math.abs));
  const [scale, word] = scaleOf(size, 1e6);
  const digits = Math.max(0, Math.ceil(-Math.log10(step / scale) - 1e-9));
  const extra = (step / scale).toExponential().startsWith("2.5") ? 1 : 0;
  const shown = digits === 0 && step / scale >= 10 ? 0 : digits + extra;
  return ticks.map((tick) => (tick === 0 ? numberText(0, 0, "", unit) : numberText(tick / scale, shown, word, unit)));
}

/** One value in short: `1,234`, `€3.4M`. */
export function valueText(value: number, decimals: number, unit: Unit): string {
  const [scale, word] = scaleOf(Math.abs(value), 1e6);
  return numberText(value / scale, scale === 1 ? decimals : 2, word, unit, scale !== 1 || Number.isInteger(value));
}

function scaleOf(size: number, from: number): readonly [scale: number, word: string] {
  if (size < from) return [1, ""];
  const scales = [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
  ] as const;
  return scales.find(([scale]) => size >= scale) ?? [1, ""];
}

/** Digits behind the point beyond which a number is written with a power of ten. */
const mostDigits = 6;

function numberText(value: number, digits: number, word: string, { before, after }: Unit, trimmed = false): string {
  const size = Math.abs(value);
  const long = digits > mostDigits || size >= 1e6;
  const shown = Math.min(digits, mostDigits);
  const text = long
    ? size.toExponential(1)
    : size.toLocaleString("en-US", { minimumFractionDigits: trimmed ? 0 : shown, maximumFractionDigits: shown });
  const sign = value < 0 && /[1-9]/.test(text) ? "-" : "";
  return `${sign}${before}${text}${word}${after}`;
}
