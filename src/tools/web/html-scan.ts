/** Reading HTML from left to right, once: what it costs is known before it is begun, whatever was sent. */

/** How much there is in a page for those who build a tree of it. */
export interface HtmlSize {
  readonly elements: number;
  /** Elements in each other, about. */
  readonly depth: number;
}

export function htmlSize(html: string): HtmlSize {
  let elements = 0;
  let depth = 0;
  let deepest = 0;
  for (const { name, closing } of tagsOf(html)) {
    if (closing) depth = Math.max(0, depth - 1);
    else {
      elements += 1;
      if (!endless.has(name)) depth += 1;
      deepest = Math.max(deepest, depth);
    }
  }
  return { elements, depth: deepest };
}

/** The text alone, with lines where blocks begin: of pages that are too much for trees. */
export function htmlText(html: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { name, start, end } of tagsOf(html)) {
    parts.push(html.slice(from, start), inline.has(name) ? "" : "\n");
    from = end;
  }
  parts.push(html.slice(from));
  return parts.join("").replaceAll(/&(nbsp|amp|lt|gt|quot|apos|#39);/g, (_all, name: string) => entities[name] ?? "");
}

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly start: number;
  /** Behind it; of scripts and the like behind their end. */
  readonly end: number;
}

function* tagsOf(html: string): Generator<Tag> {
  // A tag that is never closed would otherwise be looked for again and again.
  const lastEnd = html.lastIndexOf(">");
  const opening = /<(\/?)([a-z][a-z0-9]*)|<!/gi;
  const missing = new Set<string>();
  for (let found = opening.exec(html); found !== null && found.index < lastEnd; found = opening.exec(html)) {
    const name = (found[2] ?? "").toLowerCase();
    let end = html.indexOf(">", found.index) + 1;
    if (html.startsWith("<!--", found.index)) end = behind(html, "-->", found.index + 4, missing);
    else if (found[1] === "" && unreadable.has(name)) end = behind(html, `</${name}`, end, missing);
    opening.lastIndex = end;
    yield { name, closing: found[1] === "/", start: found.index, end };
  }
}

/** Behind where that stands; what is nowhere any more is looked for once. */
function behind(html: string, what: string, from: number, missing: Set<string>): number {
  if (missing.has(what)) return from;
  const closing = new RegExp(what === "-->" ? what : `${what}[^>]{0,20}>`, "gi");
  closing.lastIndex = from;
  if (closing.exec(html) !== null) return closing.lastIndex;
  missing.add(what);
  return from;
}

/** Nothing in them is read. */
const unreadable = new Set(["script", "style", "noscript", "template", "textarea", "title", "svg"]);
/** They have no end, or seldom write it. */
const endless = new Set(
  "area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody option".split(" "),
);
const inline = new Set("a abbr b bdi bdo cite code em font i kbd mark q s samp small span strong sub sup u var wbr".split(" "));
const entities: Readonly<Record<string, string>> = { nbsp: " ", amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'" };
