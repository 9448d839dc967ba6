/** A picture being drawn: rows of red, green and blue. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Across and down from the upper left corner, in pixels. */
export type Point = readonly [x: number, y: number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An empty picture. */
export function canvasOf(width: number, height: number, colour: Colour): Canvas {
  const pixels = new Uint8Array(width * height * 3);
  const row = Uint8Array.from({ length: width * 3 }, (_, at) => colour[at % 3] ?? 0);
  for (let at = 0; at < pixels.length; at += row.length) pixels.set(row, at);
  return { width, height, pixels };
}

/** Fills a box with soft edges, its corners rounded by `radius`. */
export function fillBox(canvas: Canvas, box: Box, colour: Colour, radius = 0): void {
  const halfWidth = box.width / 2;
  const halfHeight = box.height / 2;
  const round = Math.min(radius, halfWidth, halfHeight);
  const [left, top, right, bottom] = clipped(canvas, box.x, box.y, box.x + box.width, box.y + box.height);
  for (let y = top; y < bottom; y += 1) {
    const down = Math.abs(y + 0.5 - box.y - halfHeight) - halfHeight + round;
    for (let x = left; x < right; x += 1) {
      const across = Math.abs(x + 0.5 - box.x - halfWidth) - halfWidth + round;
      // Two straight edges in a corner cover as much as their product; a round one, by its distance.
      const cover = round > 0 ? 0.5 + round - distance(across, down) : clamp(0.5 - across) * clamp(0.5 - down);
      blend(canvas, x, y, colour, clamp(cover));
    }
  }
}

/** From the inner corner of a round box; inside of it negative. */
function distance(across: number, down: number): number {
  return Math.hypot(Math.max(across, 0), Math.max(down, 0)) + Math.min(Math.max(across, down), 0);
}

/** Draws lines of a width with round ends and joints; where they cross they are no darker. */
export function strokeLines(canvas: Canvas, lines: readonly (readonly Point[])[], width: number, colour: Colour): void {
  const all = lines.flat();
  if (all.length === 0) return;
  const reach = width / 2 + 1;
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const [left, top, right, bottom] = clipped(
    canvas,
    Math.min(...xs) - reach,
    Math.min(...ys) - reach,
    Math.max(...xs) + reach,
    Math.max(...ys) + reach,
  );
  if (right <= left || bottom <= top) return;
  const mask: Mask = { left, top, right, bottom, cover: new Float32Array((right - left) * (bottom - top)) };
  for (const line of lines) {
    for (const [index, from] of line.entries()) {
      const to = line[index + 1] ?? (line.length === 1 ? from : null);
      if (to !== null) coverSegment(mask, from, to, width / 2);
    }
  }
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const cover = mask.cover[(y - top) * (right - left) + x - left] ?? 0;
      if (cover > 0) blend(canvas, x, y, colour, cover);
    }
  }
}

/** How much of each pixel of a part of the picture is covered. */
interface Mask {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly cover: Float32Array;
}

function coverSegment(mask: Mask, [fromX, fromY]: Point, [toX, toY]: Point, half: number): void {
  const deltaX = toX - fromX;
  const deltaY = toY - fromY;
  const squared = deltaX * deltaX + deltaY * deltaY;
  const reach = half + 1;
  const top = Math.max(mask.top, Math.floor(Math.min(fromY, toY) - reach));
  const bottom = Math.min(mask.bottom, Math.ceil(Math.max(fromY, toY) + reach));
  const left = Math.max(mask.left, Math.floor(Math.min(fromX, toX) - reach));
  const right = Math.min(mask.right, Math.ceil(Math.max(fromX, toX) + reach));
  for (let y = top; y < bottom; y += 1) {
    const row = (y - mask.top) * (mask.right - mask.left) - mask.left;
    for (let x = left; x < right; x += 1) {
      const awayX = x + 0.5 - fromX;
      const awayY = y + 0.5 - fromY;
      const along = squared === 0 ? 0 : clamp((awayX * deltaX + awayY * deltaY) / squared);
      const cover = clamp(half + 0.5 - Math.hypot(awayX - along * deltaX, awayY - along * deltaY));
      if (cover > (mask.cover[row + x] ?? 0)) mask.cover[row + x] = cover;
    }
  }
}

/** Tints what lies between a line and a height. The line's points go from left to right. */
export function fillUnder(canvas: Canvas, line: readonly Point[], base: number, colour: Colour, alpha: number): void {
  for (const [index, [fromX, fromY]] of line.entries()) {
    const [toX, toY] = line[index + 1] ?? [fromX, fromY];
    for (let x = Math.round(fromX); x < Math.round(toX); x += 1) {
      const y = fromY + ((toY - fromY) * (x + 0.5 - fromX)) / (toX - fromX);
      const [, top, , bottom] = clipped(canvas, x, Math.min(y, base), x + 1, Math.max(y, base));
      for (let row = top; row < bottom; row += 1) blend(canvas, x, row, colour, alpha);
    }
  }
}

function blend({ width, pixels }: Canvas, x: number, y: number, [red, green, blue]: Colour, alpha: number): void {
  const at = (y * width + x) * 3;
  pixels[at] = mixed(pixels[at] ?? 0, red, alpha);
  pixels[at + 1] = mixed(pixels[at + 1] ?? 0, green, alpha);
  pixels[at + 2] = mixed(pixels[at + 2] ?? 0, blue, alpha);
}

function mixed(below: number, above: number, alpha: number): number {
  return Math.round(below + (above - below) * alpha);
}

function clipped(
  { width, height }: Canvas,
  left: number,
  top: number,
  right: number,
  bottom: number,
): readonly [number, number, number, number] {
  return [
    Math.max(0, Math.floor(left)),
    Math.max(0, Math.floor(top)),
    Math.min(width, Math.ceil(right)),
    Math.min(height, Math.ceil(bottom)),
  ];
}

function clamp(share: number): number {
  return share < 0 ? 0 : share > 1 ? 1 : share;
}
