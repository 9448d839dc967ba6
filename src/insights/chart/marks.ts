import { type Axis, valueText } from "./axis.ts";
import { type Canvas, fillBox, fillUnder, type Point, strokeLines } from "./raster.ts";
import type { Panel } from "./spec.ts";
import { palette, sizes } from "./style.ts";
import { drawText, fitted, textWidth } from "./text.ts";

/** Where a plot lies in the picture, and what its height means. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly axis: Axis;
}

/** Of a place for a group of bars, how much they take. */
const groupShare = 0.72;
const widestBar = 120;
const betweenBars = 4;
/** More numbers on top of bars than that are hard to read. */
const mostNumbers = 16;

/** A group of bars for each label, from zero up or down; numbers above them where there is room. */
export function drawBars(canvas: Canvas, panel: Panel, frame: Frame): void {
  const { series, unit, decimals } = panel;
  const points = series[0]?.values.length ?? 0;
  const place = (frame.right - frame.left) / Math.max(1, points);
  const width = Math.min(widestBar, (place * groupShare) / series.length);
  const texts = series.map(({ values }) => values.map((value) => (value === null ? "" : valueText(value, decimals, unit))));
  const numbered = series.length === 1 && points <= mostNumbers && widestOf(texts.flat()) <= place - 8;
  const zero = Math.round(heightOf(0, frame));
  for (const [row, { values, colour }] of series.entries()) {
    for (const [at, value] of values.entries()) {
      if (value === null) continue;
      const middle = frame.left + place * (at + 0.5) + (row - (series.length - 1) / 2) * width;
      const end = heightOf(value, frame);
      const half = Math.max(1, (width - betweenBars) / 2);
      const box = { x: middle - half, y: Math.min(zero, end), width: 2 * half, height: Math.abs(end - zero) };
      fillBox(canvas, box, palette.series(colour), Math.min(6, box.height / 4));
      if (numbered) writeNumber(canvas, texts[row]?.[at] ?? "", [middle, value < 0 ? end + numberSize : end - 10]);
    }
  }
  fillBox(canvas, { x: frame.left, y: zero - 1, width: frame.right - frame.left, height: 2 }, palette.axis);
}

const numberSize = 27;
const lineWidth = 5;
const dotWidth = 15;
/** More points than that are a line without dots. */
const mostDots = 24;

/** On paper of its own: no line of the grid runs through it. */
function writeNumber(canvas: Canvas, text: string, [x, y]: Point): void {
  const width = textWidth(text, numberSize);
  const paper = { x: x - width / 2 - 4, y: y - numberSize * 0.75, width: width + 8, height: numberSize * 0.8 };
  fillBox(canvas, paper, palette.paper);
  drawText(canvas, text, [x, y], { size: numberSize, colour: palette.ink, align: "middle" });
}

function widestOf(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => textWidth(text, numberSize)));
}

/** A line for each series, broken where there is no number. */
export function drawLines(canvas: Canvas, { series }: Panel, frame: Frame): void {
  for (const { values, colour } of series) {
    const lines = unbroken(values, frame);
    const base = heightOf(0, frame);
    if (series.length === 1 && base >= frame.top && base <= frame.bottom)
      for (const line of lines) fillUnder(canvas, line, base, palette.series(colour), 0.1);
    strokeLines(canvas, lines, lineWidth, palette.series(colour));
    const dotted = values.length <= mostDots ? lines.flat() : lines.filter((line) => line.length === 1).flat();
    strokeLines(
      canvas,
      dotted.map((point) => [point]),
      dotWidth,
      palette.series(colour),
    );
  }
}

function unbroken(values: readonly (number | null)[], frame: Frame): readonly (readonly Point[])[] {
  const lines: Point[][] = [[]];
  const place = (frame.right - frame.left) / Math.max(1, values.length);
  for (const [at, value] of values.entries()) {
    if (value === null) lines.push([]);
    else lines.at(-1)?.push([frame.left + place * (at + 0.5), heightOf(value, frame)]);
  }
  return lines.filter((line) => line.length > 0);
}

function heightOf(value: number, { top, bottom, axis }: Frame): number {
  return bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - top);
}

/** How the labels below a chart are written. */
export interface LabelPlan {
  readonly texts: readonly string[];
  /** Each so many-th is written. */
  readonly every: number;
  /** Upwards, in radians. */
  readonly turn: number;
  /** Pixels they need. */
  readonly height: number;
}

const aslant = Math.PI / 5.5;
/** Of a label that lies aslant or stands. */
const longestTurned = 300;

/** Labels side by side if they have room, else aslant or upright; beside lines only some of them, if that makes room. */
export function labelPlan(
  labels: readonly string[],
  { left, right }: { readonly left: number; readonly right: number },
  thinned: boolean,
): LabelPlan {
  const place = (right - left) / Math.max(1, labels.length);
  const widest = Math.max(0, ...labels.map((label) => textWidth(label, sizes.text)));
  const fits = Math.max(1, Math.ceil((widest + sizes.gap) / place));
  const level = { texts: labels, every: 1, turn: 0, height: sizes.gap + sizes.text };
  if (fits === 1) return level;
  // The last one may reach into the margin.
  if (thinned && labels.length / fits >= 4 && widest - place < sizes.margin * 1.6) return { ...level, every: fits };
  const turn = place * Math.sin(aslant) > sizes.text ? aslant : Math.PI / 2;
  const room = (at: number) => Math.min(longestTurned, (left + place * (at + 0.5) - sizes.gap) / Math.max(0.2, Math.cos(turn)));
  const texts = labels.map((label, at) => fitted(label, sizes.text, room(at)));
  const longest = Math.max(0, ...texts.map((label) => textWidth(label, sizes.text)));
  const every = Math.max(1, Math.ceil((sizes.text * 1.1) / (place * Math.sin(turn))));
  return { texts, every, turn, height: sizes.gap + longest * Math.sin(turn) + sizes.text * Math.cos(turn) };
}

/** Writes the labels below a chart. */
export function writeLabels(
  canvas: Canvas,
  { texts, every, turn }: LabelPlan,
  { left, right, top }: { readonly left: number; readonly right: number; readonly top: number },
): void {
  const place = (right - left) / Math.max(1, texts.length);
  // Turned ones end below the middle of their place.
  const [aside, down] = turn === 0 ? [0, 0.7] : [Math.sin(turn) * 0.36, Math.cos(turn) * 0.5];
  const style = { size: sizes.text, colour: palette.muted, align: turn === 0 ? "middle" : "right", turn } as const;
  for (const [at, text] of texts.entries()) {
    // The last one counts, so that one sees how far it goes.
    if ((texts.length - 1 - at) % every !== 0) continue;
    drawText(canvas, text, [left + place * (at + 0.5) + sizes.text * aside, top + sizes.text * down], style);
  }
}
