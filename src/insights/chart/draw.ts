import { type Axis, axisOf, tickTexts } from "./axis.ts";
import { drawBars, drawLines, type Frame, labelPlan, writeLabels } from "./marks.ts";
import { pngOf } from "./png.ts";
import { canvasOf, type Canvas, fillBox } from "./raster.ts";
import type { ChartSpec, Panel } from "./spec.ts";
import { palette, sizes } from "./style.ts";
import { drawable, drawText, fitted, textWidth } from "./text.ts";

/** Draws a chart as a PNG, twice as large as it is meant to be looked at. The same chart gives the same bytes. */
export function drawChart(spec: ChartSpec): Uint8Array {
  const panels = spec.panels.map((panel) => prepared(panel));
  const left = sizes.margin + Math.max(...panels.map(({ ticks }) => widest(ticks)), 0) + sizes.gap;
  const right = sizes.width - sizes.margin;
  const labels = labelPlan(
    spec.labels,
    { left, right },
    spec.panels.every(({ kind }) => kind === "lines"),
  );
  const top = spec.title === "" ? sizes.margin : sizes.margin + sizes.title + sizes.gap;
  const each = panels.length > 1 ? sizes.smallPanel : sizes.panel;
  const foot = spec.note === "" ? 0 : sizes.text + sizes.gap;
  const room = sizes.legend + each + (panels.some(({ panel, axis }) => panel.kind === "bars" && axis.low < 0) ? sizes.text : 0);
  const plots = top + panels.length * room + (panels.length - 1) * sizes.between;
  const canvas = canvasOf(sizes.width, Math.ceil(plots + labels.height + foot + sizes.margin), palette.paper);
  if (spec.title !== "") writeTitle(canvas, spec.title);
  for (const [index, { panel, axis, ticks }] of panels.entries()) {
    const from = top + index * (room + sizes.between);
    const frame: Frame = { left, right, top: from + sizes.legend, bottom: from + sizes.legend + each, axis };
    writeNames(canvas, panel, sizes.margin, from);
    drawGrid(canvas, frame, ticks);
    if (panel.kind === "bars") drawBars(canvas, panel, frame);
    else drawLines(canvas, panel, frame);
  }
  writeLabels(canvas, labels, { left, right, top: plots + sizes.gap });
  writeNote(canvas, spec.note);
  return pngOf(canvas);
}

interface Prepared {
  readonly panel: Panel;
  readonly axis: Axis;
  readonly ticks: readonly string[];
}

function prepared(panel: Panel): Prepared {
  const { before, after } = panel.unit;
  const unit = { before: drawable(before) ? before : "", after: drawable(after) ? after : "" };
  const axis = axisOf(panel);
  return { panel: { ...panel, unit }, axis, ticks: tickTexts(axis, unit) };
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => textWidth(text, sizes.text)), 0);
}

function writeTitle(canvas: Canvas, title: string): void {
  const text = fitted(title, sizes.title, sizes.width - 2 * sizes.margin);
  drawText(canvas, text, [sizes.margin, sizes.margin + sizes.title * 0.7], {
    size: sizes.title,
    colour: palette.ink,
    bold: true,
  });
}

/** A swatch and a name for each series, above its plot. */
function writeNames(canvas: Canvas, { series }: Panel, left: number, top: number): void {
  const room = (sizes.width - 2 * sizes.margin) / series.length - sizes.swatch - 2 * sizes.gap;
  const middle = top + sizes.swatch / 2;
  let x = left;
  for (const { name, colour } of series) {
    const text = fitted(name, sizes.text, room);
    fillBox(canvas, { x, y: middle - sizes.swatch / 2, width: sizes.swatch, height: sizes.swatch }, palette.series(colour), 5);
    x += sizes.swatch + sizes.gap / 2;
    drawText(canvas, text, [x, middle + sizes.text * 0.34], { size: sizes.text, colour: palette.ink });
    x += textWidth(text, sizes.text) + 2 * sizes.gap;
  }
}

function drawGrid(canvas: Canvas, { left, right, top, bottom, axis }: Frame, ticks: readonly string[]): void {
  for (const [index, text] of ticks.entries()) {
    const y = Math.round(bottom - ((bottom - top) * index) / (ticks.length - 1));
    const zero = axis.ticks[index] === 0;
    const colour = zero ? palette.axis : palette.grid;
    fillBox(canvas, { x: left, y: y - 1, width: right - left, height: 2 }, colour);
    const at = [left - sizes.gap, y + sizes.text * 0.34] as const;
    drawText(canvas, text, at, { size: sizes.text, colour: palette.muted, align: "right" });
  }
}

function writeNote(canvas: Canvas, note: string): void {
  const at = [canvas.width - sizes.margin, canvas.height - sizes.margin] as const;
  if (note !== "") drawText(canvas, note, at, { size: sizes.text, colour: palette.muted, align: "right" });
}
