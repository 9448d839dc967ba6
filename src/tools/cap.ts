/** Of what is kept, this part is the beginning; the end of an output is where errors and results are. */
const headPart = 0.4;

/**
 * Text within `limit` characters: the middle is replaced by a line that says how much is missing, and what to do about it. No NUL: the
 * record can't hold it.
 */
export function capText(text: string, limit: number, advice = "use a narrower command or read a part"): string {
  const clean = text.replaceAll("\0", "\uFFFD");
  if (clean.length <= limit) return clean;
  const note = (missing: number): string => `\n[... ${missing} characters cut here; ${advice} ...]\n`;
  const kept = Math.max(0, limit - note(clean.length).length);
  const head = Math.floor(kept * headPart);
  const start = wellFormed(clean.slice(0, head));
  const end = wellFormed(clean.slice(clean.length - (kept - head)));
  return start + note(clean.length - start.length - end.length) + end;
}

/** Cuts may split a character in two; half a one is dropped. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, "").replace(/^[\udc00-\udfff]/, "");
}
