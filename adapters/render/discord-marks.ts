import type { Mark, Span } from "./lines.ts";

/** Between two marks that would read as one; nobody sees it. */
const nothing = "\u200B";
/** A longer address leaves no room for words. */
const longestAddress = 1_000;

/** A line's spans in Discord's Markdown. */
export function encodeSpans(spans: readonly Span[]): string {
  const writer = createWriter();
  const runs = spans.filter(({ text }) => text !== "");
  for (const [index, { text, marks }] of runs.entries()) {
    const link = marks.find((mark) => mark.type === "link");
    const how = link ? shownAs(link.url, wholeText(runs, link)) : "masked";
    const isCode = marks.some(({ type }) => type === "code");
    writer.marks(marks.filter((mark) => mark.type !== "code" && (how === "masked" || mark !== link)));
    const bullet = /^[•◦▪] $/.test(text) && writer.atStart();
    if (how !== "address") writer.put(isCode ? code(text) : bullet ? "- " : escaped(text, writer.atStart()));
    if (!link || runs[index + 1]?.marks.includes(link)) continue;
    if (how === "address") writer.put(angled(link.url));
    if (how === "both") writer.put(` (${angled(link.url)})`);
  }
  writer.marks([]);
  return writer.end();
}

interface Writer {
  /** What is to hold from here on, outermost first. */
  marks(wanted: readonly Mark[]): void;
  put(text: string): void;
  /** Whether nothing but a list's sign stands before. */
  atStart(): boolean;
  end(): string;
}

function createWriter(): Writer {
  let out = "";
  let open: Mark[] = [];
  let closed = "";
  return {
    marks(wanted) {
      const same = open.findIndex((mark, at) => wanted[at] !== mark);
      for (const mark of open.splice(same < 0 ? open.length : same).toReversed()) {
        out += closing(mark);
        closed = closing(mark).at(-1) ?? "";
      }
      for (const mark of wanted.slice(open.length)) {
        if (closed === opening(mark).charAt(0)) out += nothing;
        out += opening(mark);
        closed = "";
        open = [...open, mark];
      }
    },
    put(text) {
      // `**a**` and a code's or a word's own sign stand apart from it.
      if (closed !== "" && text.startsWith(closed)) out += nothing;
      out += text;
      closed = text.startsWith("`") ? "`" : "";
    },
    atStart: () => /^(?:\s*|\s*- )$/.test(out),
    end: () => out,
  };
}

function opening(mark: Mark): string {
  return { bold: "**", italic: "*", strike: "~~", link: "[", code: "" }[mark.type];
}

function closing(mark: Mark): string {
  return mark.type === "link" ? `](${angled(mark.url)})` : opening(mark);
}

/** In angle brackets an address ends where it ends, and shows no preview. */
function angled(url: string): string {
  return `<${url.replaceAll(/[<>\s]/g, encodeURIComponent)}>`;
}

/**
 * Discord links web addresses alone, and puts no words over one that look like an address: those are said beside it. `address`: the words
 * say nothing else.
 */
function shownAs(url: string, text: string): "masked" | "address" | "both" | "words" {
  const web = /^https?:/i.test(url);
  const same = url === text || url === `mailto:${text}` || url === `http://${text}`;
  if (url.length > longestAddress || (same && !web)) return "words";
  if (same) return "address";
  return web && !/^\s*\w+:\/\//.test(text) && text.trim() !== "" ? "masked" : "both";
}

function wholeText(spans: readonly Span[], link: Mark): string {
  return spans.map(({ text, marks }) => (marks.includes(link) ? text : "")).join("");
}

/** Code in more backticks than it holds in a row: two at most, since three are a fence. */
function code(text: string): string {
  const parted = text.replaceAll(/`(?=`)/g, `\`${nothing}`);
  const fence = parted.includes("`") ? "``" : "`";
  const padded = parted.startsWith("`") || parted.endsWith("`") ? ` ${parted} ` : parted;
  return fence + padded + fence;
}

/** Text with everything that Discord would read as markup, a mention or an emoji made plain. */
function escaped(text: string, start: boolean): string {
  const plain = text
    .replaceAll(/[\\*_`]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||<(?=[@#:a/t\w])|\[(?=[^\]]*\]\()/g, String.raw`\$&`)
    .replaceAll(/\](?=\()/g, String.raw`\]`);
  return start ? plain.replace(/^(\s*)(#{1,3} |-# |>|[-+] )/, String.raw`$1\$2`) : plain;
}
