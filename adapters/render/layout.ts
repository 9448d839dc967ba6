import type { List, ListItem, RootContent } from "mdast";
import { inlineLines } from "./inline.ts";
import { type Fence, line, type Line, plain, type Quote } from "./lines.ts";
import { tableLines } from "./table.ts";

const bullets = ["•", "◦", "▪"];
const rule = "──────────";
const indent = "  ";
/** Deeper nesting is shown at this depth: each level costs stack and indentation. */
const deepest = 12;

/** Blocks as lines, each top-level block a group of its own: chunks prefer to begin with one. */
export function layout(blocks: readonly RootContent[]): Line[][] {
  return blocks.map((block) => spaced(blockLines(block, 0), 1)).filter((lines) => lines.length > 0);
}

function blockLines(node: RootContent, depth: number): Line[] {
  switch (node.type) {
    case "paragraph":
      return inlineLines(node.children).map((spans) => line(spans));
    case "heading":
      return inlineLines(node.children, [{ type: "bold" }]).map((spans) => line(spans, { glued: true }));
    case "code":
      return codeLines(node.lang ?? null, node.value);
    case "blockquote":
      return quoted(stacked(node.children, depth + 1, 1));
    case "list":
      return listLines(node, depth);
    case "table":
      return tableLines(node);
    case "thematicBreak":
      return [line([plain(rule)])];
    case "html":
      return node.value.split("\n").map((text) => line([plain(text)]));
    case "footnoteDefinition":
      return prefixed(stacked(node.children, depth + 1, 0), `[${node.label ?? node.identifier}] `, indent);
    case "definition":
    case "yaml":
      return [];
    case "listItem":
      return itemLines(node, `${bullets[0]} `, depth);
    case "tableRow":
    case "tableCell":
      return [];
    case "text":
    case "emphasis":
    case "strong":
    case "delete":
    case "inlineCode":
    case "break":
    case "image":
    case "imageReference":
    case "link":
    case "linkReference":
    case "footnoteReference":
      return inlineLines([node]).map((spans) => line(spans));
  }
}

function codeLines(language: string | null, value: string): Line[] {
  const fence: Fence = { type: "fence", language, head: [] };
  return value.split("\n").map((text) => line(text === "" ? [] : [plain(text)], { fence }));
}

/** Blocks one below the other. */
function stacked(nodes: readonly RootContent[], depth: number, gap: number): Line[] {
  return nodes.flatMap((node, index) => spaced(blockLines(node, Math.min(depth, deepest)), index === 0 ? 0 : gap));
}

function spaced(lines: readonly Line[], gap: number): Line[] {
  return lines.map((each, index) => (index === 0 ? { ...each, gap } : each));
}

/** Quotations don't nest on any platform: an inner one gets a bar. */
function quoted(lines: readonly Line[]): Line[] {
  const quote: Quote = { type: "quote" };
  return lines.map((each) =>
    each.quote && !each.fence ? { ...each, quote, spans: [plain("│ "), ...each.spans] } : { ...each, quote },
  );
}

function listLines(list: List, depth: number): Line[] {
  const first = list.start ?? 1;
  const gap = list.spread || list.children.some((item) => item.spread) ? 1 : 0;
  return list.children.flatMap((item, index) => {
    const marker = list.ordered ? `${first + index}. ` : `${bullets[depth % bullets.length]} `;
    return spaced(itemLines(item, marker, depth), index === 0 ? 0 : gap);
  });
}

function itemLines(item: ListItem, marker: string, depth: number): Line[] {
  const box = item.checked === true ? "☑ " : item.checked === false ? "☐ " : marker;
  return prefixed(stacked(item.children, depth + 1, item.spread ? 1 : 0), box, indent);
}

/** Puts a marker before the first line and indents the rest. Fences stand at the margin: their spaces are their own. */
function prefixed(lines: readonly Line[], marker: string, rest: string): Line[] {
  const [first] = lines;
  const whole = first === undefined || first.fence || first.quote ? [line([]), ...spaced(lines, 0)] : lines;
  return whole.map((each, index) => {
    if (each.fence || each.quote) return each;
    const prefix = index === 0 ? marker : rest;
    return { ...each, spans: [plain(prefix), ...each.spans] };
  });
}
