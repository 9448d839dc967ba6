import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";
import { htmlSize, htmlText } from "./html-scan.ts";
import type { PageText } from "./page-jobs.ts";

/**
 * Measured on two cores: Readability weighs 3,000 elements in 0.2 s, 10,000 in 1 s and 110,000 in 70 s; so large a page is a list rather
 * than an article. A tree of 30,000 as Markdown takes 3 s; what is larger, or very deep, is read as text alone.
 */
const mostWeighed = 10_000;
const mostElements = 30_000;
/** Each looks up its parents; real pages are 20 to 40 deep. */
const mostLevels = 400_000;
const deepest = 200;
/** An article that is less of the page than this is a teaser or a cookie notice that was taken for one. */
const leastPart = 0.1;
const leastChars = 500;

/** What `parseHTML` gives, as far as it is used here; its own types need a browser's. */
interface Page {
  readonly title: string;
  readonly body: { readonly innerHTML: string; readonly textContent: string } | null;
  querySelectorAll(selector: string): Iterable<{ remove(): void }>;
}

/** The readable part of a page as Markdown: its article where it has one, else all of it without what nobody reads. */
export function readHtml(html: string, url: string): PageText {
  const { elements, depth } = htmlSize(html);
  if (elements === 0 || elements > mostElements || elements * depth > mostLevels || depth > deepest)
    return { title: "", text: tidy(htmlText(html)) };
  return inMarkdown(html, url, elements <= mostWeighed);
}

function inMarkdown(html: string, url: string, weighed: boolean): PageText {
  const page = parsed(html);
  for (const each of page.querySelectorAll(unread)) each.remove();
  const title = page.title.replaceAll(/\s+/g, " ").trim();
  const whole = page.body?.innerHTML ?? html;
  const chars = (page.body?.textContent ?? html).replaceAll(/\s+/g, " ").length;
  const article = weighed ? articleOf(page) : null;
  const fits = article !== null && article.length >= Math.min(leastChars, chars * leastPart);
  return { title: (fits ? article.title : title) || title, text: tidy(markdown(url).turndown(fits ? article.html : whole)) };
}

const unread =
  "script, style, noscript, template, iframe, svg, canvas, [hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none']";

function parsed(html: string): Page {
  // The boundary to a library whose types are a browser's.
  const { document } = parseHTML(/<(?:html|body)[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`) as {
    document: Page;
  };
  return document;
}

function articleOf(page: Page): { readonly title: string; readonly html: string; readonly length: number } | null {
  try {
    const article = new Readability(page).parse();
    const { title, content, length } = article ?? {};
    return typeof content === "string" ? { title: title ?? "", html: content, length: length ?? 0 } : null;
  } catch {
    return null;
  }
}

function markdown(url: string): TurndownService {
  const service = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", hr: "---" });
  service.addRule("link", {
    filter: (node) => node.nodeName === "A",
    replacement: (content, node) => link(content, attribute(node, "href"), url),
  });
  service.addRule("picture", {
    filter: "img",
    replacement: (_content, node) => {
      const alt = attribute(node, "alt").replaceAll(/\s+/g, " ").trim();
      const source = absolute(attribute(node, "src"), url);
      return alt === "" || source === null ? "" : `![${alt}](${source})`;
    },
  });
  service.addRule("cell", { filter: ["td", "th"], replacement: (content) => ` ${content.replaceAll(/\s+/g, " ").trim()} |` });
  service.addRule("row", { filter: "tr", replacement: (content, node) => `\n|${content}${rule(content, node)}` });
  service.addRule("table", { filter: "table", replacement: (content) => `\n\n${content.trim()}\n\n` });
  service.addRule("part", { filter: ["thead", "tbody", "tfoot"], replacement: (content) => content });
  return service;
}

/** What Turndown hands to a rule, as far as it is used here. */
interface Element {
  readonly nodeName: string;
  readonly parentNode?: unknown;
  readonly previousSibling?: unknown;
  getAttribute(name: string): string | null;
}

function attribute(node: unknown, name: string): string {
  return isElement(node) ? (node.getAttribute(name) ?? "") : "";
}

function isElement(node: unknown): node is Element {
  return typeof node === "object" && node !== null && "getAttribute" in node;
}

function link(content: string, href: string, base: string): string {
  const target = absolute(href, base);
  const text = content.replaceAll(/\s+/g, " ").trim();
  return text === "" || target === null ? text : `[${text}](${target})`;
}

/** Only what `web_extract` could read next. */
function absolute(href: string, base: string): string | null {
  const url = href === "" || href.startsWith("#") ? null : URL.parse(href, base);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href.replaceAll("(", "%28").replaceAll(")", "%29") : null;
}

/** The line below a table's first row. */
function rule(content: string, row: unknown): string {
  const first = isElement(row) && !row.previousSibling && isFirstPart(row.parentNode);
  return first ? `\n|${" --- |".repeat(content.split(" |").length - 1)}` : "";
}

function isFirstPart(part: unknown): boolean {
  return isElement(part) && (part.nodeName === "TABLE" || part.nodeName === "THEAD" || !part.previousSibling);
}

function tidy(text: string): string {
  return text
    .replaceAll(/[ \t]+\n/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
