import type { Colour } from "./raster.ts";

/** Measures in pixels, at twice the size that a chart is looked at. */
export const sizes = {
  width: 1_600,
  margin: 56,
  gap: 22,
  title: 46,
  text: 30,
  /** The line of names above each plot. */
  legend: 64,
  swatch: 24,
  panel: 560,
  /** Where there are several. */
  smallPanel: 340,
  between: 36,
} as const;

const colours: readonly Colour[] = [
  [62, 114, 184],
  [224, 142, 69],
  [78, 155, 128],
  [150, 104, 166],
];

/** Calm colours that also differ in lightness, on white: charts are read in dark and in light chats. */
export const palette = {
  paper: [255, 255, 255],
  ink: [38, 48, 62],
  muted: [104, 116, 132],
  grid: [230, 234, 240],
  axis: [158, 168, 182],
  series: (index: number): Colour => colours[index % colours.length] ?? [62, 114, 184],
} as const satisfies Record<string, Colour | ((index: number) => Colour)>;
