import { layout } from "./layout.ts";
import { line, type Line, type Mark, plain } from "./lines.ts";
import { parseMarkdown } from "./parse.ts";
import { type Measure, splitLines } from "./split.ts";

/** Formatting of a stretch of text, as the Bot API takes it: UTF-16 offsets. */
export type TelegramEntity =
  | { type: "bold" | "italic" | "strikethrough" | "code" | "blockquote"; offset: number; length: number }
  | { type: "text_link"; offset: number; length: number; url: string }
  | { type: "pre"; offset: number; length: number; language?: string };

/** One Telegram message. */
export interface TelegramChunk {
  readonly text: string;
  readonly entities: readonly TelegramEntity[];
}

/** A message takes 4,096 characters; a remark is put before some. */
const limitChars = 4_000;
/** Telegram drops a message's entities beyond the hundredth: each weighs a hundredth of the message. */
const entityWeight = limitChars / 100;

const measure: Measure = {
  limit: limitChars,
  cost(each, previous) {
    const joint = previous ? 1 + each.gap : 0;
    const frames =
      Number(each.fence !== null && each.fence !== previous?.fence) +
      Number(each.quote !== null && each.quote !== previous?.quote);
    return Math.max(joint + chars(each), entityWeight * (frames + runs(each).length));
  },
};

/** A message's text goes up to here: the rest is for a remark before it. */
const footedChars = 4_070;
const mostEntities = 100;

/** A line in italics below the last message; in one of its own where there is no room. */
export function footed(chunks: readonly TelegramChunk[], footer: string): TelegramChunk[] {
  const last = chunks.at(-1);
  const text = last === undefined ? "" : `${last.text}\n\n`;
  if (!last || text.length + footer.length > footedChars || last.entities.length >= mostEntities)
    return [...chunks, { text: footer, entities: [{ type: "italic", offset: 0, length: footer.length }] }];
  const line = { type: "italic", offset: text.length, length: footer.length } as const;
  return [...chunks.slice(0, -1), { text: text + footer, entities: [...last.entities, line] }];
}

/** Markdown as Telegram messages: plain text with entities, each within the limit. Never empty. */
export function renderTelegram(markdown: string): TelegramChunk[] {
  const chunks = splitLines(layout(parseMarkdown(markdown)), measure)
    .map(encode)
    .filter(isVisible);
  if (chunks.length > 0) return chunks;
  // Nothing but invisible markup (a lone definition, a comment): shown as it was written.
  const raw = splitLines(
    [
      markdown
        .toWellFormed()
        .split("\n")
        .map((text) => line([plain(text)])),
    ],
    measure,
  ).map(encode);
  const visible = raw.filter(isVisible);
  return visible.length > 0 ? visible : [{ text: "…", entities: [] }];
}

function encode(lines: readonly Line[]): TelegramChunk {
  const shown = withoutBlankEnds(lines);
  const starts: number[] = [];
  let text = "";
  for (const [index, each] of shown.entries()) {
    if (index > 0) text += "\n".repeat(1 + each.gap);
    starts.push(text.length);
    for (const span of each.spans) text += span.text;
  }
  const entities = [
    ...frames(shown, starts, "quote"),
    ...frames(shown, starts, "fence"),
    ...shown.flatMap((each, index) => markEntities(each, starts[index] ?? 0)),
  ];
  return trimmed(
    text,
    entities.toSorted((one, other) => one.offset - other.offset || other.length - one.length),
  );
}

/** An entity for each run of lines in the same frame. */
function frames(lines: readonly Line[], starts: readonly number[], kind: "quote" | "fence"): TelegramEntity[] {
  const found: TelegramEntity[] = [];
  let open: { readonly frame: NonNullable<Line["quote" | "fence"]>; readonly offset: number } | null = null;
  for (let index = 0; index <= lines.length; index += 1) {
    const frame = lines[index]?.[kind] ?? null;
    if (open && open.frame !== frame) {
      const last = lines[index - 1];
      const end = (starts[index - 1] ?? 0) + (last ? chars(last) : 0);
      found.push(frameEntity(open.frame, open.offset, end - open.offset));
      open = null;
    }
    if (frame) open ??= { frame, offset: starts[index] ?? 0 };
  }
  return found;
}

function frameEntity(frame: NonNullable<Line["quote" | "fence"]>, offset: number, length: number): TelegramEntity {
  if (frame.type === "quote") return { type: "blockquote", offset, length };
  return { type: "pre", offset, length, ...(frame.language === null ? {} : { language: frame.language }) };
}

/** An entity for each mark of a line. They nest as the tree does, since a mark is one place in it. */
function markEntities(of: Line, start: number): TelegramEntity[] {
  return runs(of).map(({ mark, from, to }) => markEntity(mark, start + from, to - from));
}

interface Run {
  readonly mark: Mark;
  readonly from: number;
  to: number;
}

/** Where each mark holds without a break. Code can't be within other marks: they end before it and begin again after it. */
function runs(of: Line): Run[] {
  const found: Run[] = [];
  const latest = new Map<Mark, Run>();
  let at = 0;
  for (const span of of.spans) {
    const code = span.marks.find(({ type }) => type === "code");
    const to = at + span.text.length;
    for (const mark of code ? [code] : span.marks) {
      const open = latest.get(mark);
      const run = open?.to === at ? open : { mark, from: at, to };
      if (run !== open) found.push(run);
      run.to = to;
      latest.set(mark, run);
    }
    at = to;
  }
  return found;
}

function markEntity(mark: Mark, offset: number, length: number): TelegramEntity {
  switch (mark.type) {
    case "link":
      return { type: "text_link", offset, length, url: mark.url };
    case "strike":
      return { type: "strikethrough", offset, length };
    case "bold":
    case "italic":
    case "code":
      return { type: mark.type, offset, length };
  }
}

/** Telegram trims a text's ends; entities must not reach beyond them. */
function trimmed(text: string, entities: readonly TelegramEntity[]): TelegramChunk {
  const end = text.trimEnd().length;
  const fenced = entities.some((each) => each.type === "pre" && each.offset === 0);
  const start = fenced ? 0 : text.length - text.trimStart().length;
  const fitted = entities.map((each) => {
    const from = Math.max(each.offset, start);
    return { ...each, offset: from - start, length: Math.min(each.offset + each.length, end) - from };
  });
  return { text: text.slice(start, end), entities: fitted.filter((each) => each.length > 0) };
}

function withoutBlankEnds(lines: readonly Line[]): readonly Line[] {
  const first = lines.findIndex((each) => chars(each) > 0);
  const last = lines.findLastIndex((each) => chars(each) > 0);
  return first < 0 ? [] : lines.slice(first, last + 1);
}

function chars(of: Line): number {
  return of.spans.reduce((sum, span) => sum + span.text.length, 0);
}

/** Telegram takes spaces, format characters and empty Braille for nothing. */
function isVisible(chunk: TelegramChunk): boolean {
  return /[^\s\p{C}\u2800\u115F\u1160\u3164]/u.test(chunk.text);
}
