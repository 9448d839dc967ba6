import { accents, glyphs } from "./glyphs.ts";
import { type Canvas, type Colour, type Point, strokeLines } from "./raster.ts";

/** How a line of text stands: `at` is its beginning, middle or end on the baseline. */
export interface TextStyle {
  /** Pixels from one line to the next; capitals have seven tenths of it. */
  readonly size: number;
  readonly colour: Colour;
  readonly align?: "left" | "middle" | "right";
  readonly bold?: boolean;
  /** Upwards, in radians. */
  readonly turn?: number;
}

/** Units of the alphabet in the height of a line. */
const unitsPerSize = 20;
/** Between two letters, in units. */
const spacing = 3.2;
const strokeUnits = 1.6;
const boldUnits = 2.3;
/** Points along a quarter of a round. */
const roundSteps = 6;
/** How far the handles of a cubic stand off so that it is a quarter of an ellipse. */
const quarter = 0.5523;

/** Whether every sign of a text can be drawn. */
export function drawable(text: string): boolean {
  return signsOf(text).every((sign) => glyphs[sign] !== undefined || accents[sign] !== undefined);
}

/** How wide a text is, in pixels. */
export function textWidth(text: string, size: number): number {
  return Math.max(0, (widthOf(text) * size) / unitsPerSize);
}

/** Letters and their accents apart; an i with something above it has no dot. */
function signsOf(text: string): readonly string[] {
  return [...text.normalize("NFD").replaceAll(/i(?=[\u0300-\u030C])/g, "ı")];
}

function widthOf(text: string): number {
  return signsOf(text).reduce((sum, sign) => sum + advance(sign), -spacing);
}

function advance(sign: string): number {
  return accents[sign] === undefined ? (glyphs[sign] ?? unknown)[0] + spacing : 0;
}

/** In the place of a sign that can't be drawn: a box. */
const unknown = [8, "0,0 8,0 8,14 0,14 0,0"] as const;

/** A text that is at most so wide, ended by dots where something had to go. */
export function fitted(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const signs = [...text];
  while (signs.length > 1 && textWidth(`${signs.join("").trim()}…`, size) > width) signs.pop();
  return `${signs.join("").trim()}…`;
}

/** Writes one line. */
export function drawText(canvas: Canvas, text: string, [x, y]: Point, style: TextStyle): void {
  const scale = style.size / unitsPerSize;
  const share = { left: 0, middle: 0.5, right: 1 }[style.align ?? "left"];
  const cos = Math.cos(style.turn ?? 0) * scale;
  const sin = Math.sin(style.turn ?? 0) * scale;
  let pen = -widthOf(text) * share;
  let letter: Letter = { from: pen, width: 0, top: 10 };
  for (const sign of signsOf(text)) {
    const lines = accents[sign] === undefined ? glyphLines(sign) : accentLines(sign, letter);
    const shift = accents[sign] === undefined ? pen : 0;
    const placed = lines.map((line) => line.map(([right, up]): Point => turned(right + shift, up)));
    strokeLines(canvas, placed, (style.bold === true ? boldUnits : strokeUnits) * scale, style.colour);
    if (accents[sign] !== undefined) continue;
    letter = { from: pen, width: (glyphs[sign] ?? unknown)[0], top: /[A-Zbdfhklt]/.test(sign) ? 14 : 10 };
    pen += advance(sign);
  }

  function turned(right: number, up: number): Point {
    return [x + right * cos - up * sin, y - up * cos - right * sin];
  }
}

const below = /[\u0327\u0328]/;

/** The last letter drawn, for what comes above it. */
interface Letter {
  readonly from: number;
  readonly width: number;
  readonly top: number;
}

function glyphLines(sign: string): readonly (readonly Point[])[] {
  return linesOf((glyphs[sign] ?? unknown)[1]);
}

function accentLines(sign: string, { from, width, top }: Letter): readonly (readonly Point[])[] {
  return linesOf(accents[sign] ?? "").map((line) =>
    line.map(([x, y]): Point => [x + from + width / 2, y + (below.test(sign) ? 0 : top)]),
  );
}

/** Strokes as points close enough together to look round. */
function linesOf(strokes: string): readonly (readonly Point[])[] {
  return strokes === "" ? [] : strokes.split(";").map(lineOf);
}

function lineOf(stroke: string): readonly Point[] {
  const line: Point[] = [];
  let corner: Point | null = null;
  for (const step of stroke.split(" ")) {
    const [x = 0, y = 0] = step.replace("~", "").split(",").map(Number);
    const from = line.at(-1);
    if (step.startsWith("~")) corner = [x, y];
    else if (corner !== null && from !== undefined) {
      line.push(...rounded(from, corner, [x, y]));
      corner = null;
    } else line.push([x, y]);
  }
  return line;
}

function rounded(from: Point, corner: Point, to: Point): readonly Point[] {
  return Array.from({ length: roundSteps }, (_, index): Point => {
    const t = (index + 1) / roundSteps;
    return [cubic(from[0], corner[0], to[0], t), cubic(from[1], corner[1], to[1], t)];
  });
}

function cubic(from: number, corner: number, to: number, t: number): number {
  const first = from + (corner - from) * quarter;
  const second = to + (corner - to) * quarter;
  const rest = 1 - t;
  return rest ** 3 * from + 3 * rest * rest * t * first + 3 * rest * t * t * second + t ** 3 * to;
}
