/** Columns that text takes on a screen: East Asian characters and emoji take two, marks above others none. */
export function cells(text: string): number {
  if (isPlain.test(text)) return text.length;
  let width = 0;
  for (const sign of signs(text)) width += signCells(sign);
  return width;
}

/** What a reader takes for single characters. */
export function signs(text: string): readonly string[] {
  return isPlain.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment);
}

export function signCells(sign: string): number {
  if (isPlain.test(sign)) return sign.length;
  if (emoji.test(sign)) return 2;
  if (unseen.test(sign)) return 0;
  return wide.test(sign) ? 2 : 1;
}

/** The beginning of a text that fits, with `…` where something was cut off. */
export function fit(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const sign of signs(text)) {
    used += signCells(sign);
    if (used > width) break;
    kept += sign;
  }
  return width < 1 ? "" : `${kept}…`;
}

const isPlain = /^[\u0020-\u007E]*$/;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/u;
const wide =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;
const unseen = /^[\p{Mn}\p{Me}\p{Cf}]/u;
