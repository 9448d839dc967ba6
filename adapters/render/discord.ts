import { encodeSpans } from "./discord-marks.ts";
import { layout } from "./layout.ts";
import { literal } from "../../src/core/markdown.ts";
import { line, type Line, lineText, plain } from "./lines.ts";
import { parseMarkdown } from "./parse.ts";
import { type Measure, splitLines } from "./split.ts";

/** One Discord message, in Discord's own Markdown. */
export interface DiscordChunk {
  readonly content: string;
}

/** A message takes 2,000 characters; a remark is put before some. */
const limitChars = 1_960;
const fenceMark = "```";
const quoteMark = "> ";

const measure: Measure = {
  limit: limitChars,
  cost(each, previous) {
    const gap = each.gap * (1 + (each.quote ? quoteMark.length : 0));
    const joint = previous ? 1 + gap : 0;
    const fence = each.fence !== null && each.fence !== previous?.fence ? opening(each).length + fenceMark.length + 2 : 0;
    return joint + fence + encodeLine(each).length;
  },
};

/** A message goes up to here: the rest is for a remark before it. */
const footedChars = 1_975;

/** A small line below the last message; in one of its own where there is no room. */
export function footed(chunks: readonly DiscordChunk[], footer: string): readonly DiscordChunk[] {
  const line = `-# ${literal(footer)}`;
  const last = chunks.at(-1)?.content ?? "";
  if (last.length + 1 + line.length > footedChars) return [...chunks, { content: line }];
  return [...chunks.slice(0, -1), { content: `${last}\n${line}` }];
}

/** Markdown as Discord messages, each within the limit. Never empty. */
export function renderDiscord(markdown: string): DiscordChunk[] {
  const chunks = splitLines(layout(parseMarkdown(markdown)), measure)
    .map(encode)
    .filter(isVisible);
  if (chunks.length > 0) return chunks;
  // Nothing but invisible markup (a lone definition, a comment): shown as it was written.
  const written = markdown.toWellFormed().split("\n");
  const raw = splitLines([written.map((text) => line([plain(text)]))], measure).map(encode);
  const visible = raw.filter(isVisible);
  return visible.length > 0 ? visible : [{ content: "…" }];
}

function encode(lines: readonly Line[]): DiscordChunk {
  const shown = withoutBlankEnds(lines);
  const out: string[] = [];
  for (const [index, each] of shown.entries()) {
    const before = shown[index - 1];
    if (before?.fence && before.fence !== each.fence) out.push(fenceMark);
    // A blank line within a quotation belongs to it.
    const blank = each.quote && each.quote === before?.quote && !each.fence ? quoteMark : "";
    if (before) out.push(...Array.from({ length: each.gap }, () => blank));
    if (each.fence && each.fence !== before?.fence) out.push(opening(each));
    out.push(encodeLine(each));
  }
  if (shown.at(-1)?.fence) out.push(fenceMark);
  return { content: out.join("\n").trimEnd() };
}

/** A language of other signs would be read as code. */
function opening({ fence }: Line): string {
  const language = fence?.language ?? "";
  return /^[\w+\-.#]+$/.test(language) ? fenceMark + language : fenceMark;
}

function encodeLine(each: Line): string {
  // There are no longer fences, and no escapes within them: a sign that nobody sees parts the backticks.
  if (each.fence) return lineText(each).replaceAll(fenceMark, "`\u200B`\u200B`");
  const text = encodeSpans(each.spans);
  return each.quote ? quoteMark + text : text;
}

function withoutBlankEnds(lines: readonly Line[]): readonly Line[] {
  const first = lines.findIndex((each) => lineText(each) !== "");
  const last = lines.findLastIndex((each) => lineText(each) !== "");
  return first < 0 ? [] : lines.slice(first, last + 1);
}

/** Discord takes spaces and format characters for nothing. */
function isVisible({ content }: DiscordChunk): boolean {
  return /[^\s\p{C}\u2800\u115F\u1160\u3164]/u.test(content);
}
