import type { ListItem, Nodes, Parents, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** Markdown as HTML that is safe to insert: raw HTML becomes text, images become links, only web and mail addresses are linked. */
export function toHtml(markdown: string): string {
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const definitions = new Map<string, string>();
  collectDefinitions(tree, definitions);
  return render(tree, definitions);
}

/** Any text as one HTML block that shows exactly what it says. */
export function plainHtml(text: string): string {
  return `<p class="plain">${escapeHtml(text)}</p>`;
}

/** The quiet line below an answer; nothing where there is none. */
export function footerHtml(footer: string | undefined): string {
  return footer === undefined ? "" : `<p class="footer">${escapeHtml(footer)}</p>`;
}

type Definitions = ReadonlyMap<string, string>;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const linkProtocols: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");
}

function collectDefinitions(node: Nodes, into: Map<string, string>): void {
  if (node.type === "definition" && !into.has(node.identifier)) into.set(node.identifier, node.url);
  if ("children" in node) for (const child of node.children) collectDefinitions(child, into);
}

function inner(node: Parents, definitions: Definitions): string {
  return node.children.map((child) => render(child, definitions)).join("");
}

function element(tag: string, node: Parents, definitions: Definitions): string {
  return `<${tag}>${inner(node, definitions)}</${tag}>`;
}

function render(node: Nodes, definitions: Definitions): string {
  switch (node.type) {
    case "root":
      return inner(node, definitions);
    case "paragraph":
      return element("p", node, definitions);
    // The page has its own h1; an answer's headings come below it.
    case "heading":
      return element(`h${Math.min(node.depth + 1, 6)}`, node, definitions);
    case "blockquote":
      return element("blockquote", node, definitions);
    case "list":
      return node.ordered
        ? `<ol start="${Number(node.start ?? 1)}">${inner(node, definitions)}</ol>`
        : element("ul", node, definitions);
    case "listItem":
      return `<li>${checkbox(node.checked)}${itemContent(node, definitions)}</li>`;
    case "table":
      return renderTable(node, definitions);
    case "tableRow":
      return element("tr", node, definitions);
    case "tableCell":
      return element("td", node, definitions);
    case "footnoteDefinition":
      return `<aside class="footnote"><sup>${escapeHtml(node.label ?? node.identifier)}</sup> ${inner(node, definitions)}</aside>`;
    case "emphasis":
      return element("em", node, definitions);
    case "strong":
      return element("strong", node, definitions);
    case "delete":
      return element("del", node, definitions);
    case "link":
      return link(node.url, inner(node, definitions));
    case "linkReference":
      return link(definitions.get(node.identifier) ?? "", inner(node, definitions));
    // Showing a remote image would tell its server who reads what: a model led astray could send secrets out that way.
    case "image":
      return link(node.url, escapeHtml(node.alt || node.url));
    case "imageReference":
      return link(definitions.get(node.identifier) ?? "", escapeHtml(node.alt ?? ""));
    case "text":
    case "html":
    case "yaml":
      return escapeHtml(node.value);
    case "inlineCode":
      return `<code>${escapeHtml(node.value)}</code>`;
    case "code":
      return `<pre data-language="${escapeHtml(node.lang ?? "")}" tabindex="0"><code>${escapeHtml(node.value)}</code></pre>`;
    case "break":
      return "<br>";
    case "thematicBreak":
      return "<hr>";
    case "footnoteReference":
      return `<sup>${escapeHtml(node.label ?? node.identifier)}</sup>`;
    case "definition":
      return "";
  }
}

/** Items of a tight list are lines, not paragraphs. */
function itemContent(item: ListItem, definitions: Definitions): string {
  const tight = (child: Nodes) => child.type === "paragraph" && !item.spread;
  return item.children
    .map((child) => (tight(child) && "children" in child ? inner(child, definitions) : render(child, definitions)))
    .join("");
}

function checkbox(checked: boolean | null | undefined): string {
  if (checked === null || checked === undefined) return "";
  return `<span class="check" role="img" aria-label="${checked ? "done" : "to do"}">${checked ? "☑" : "☐"}</span> `;
}

function renderTable(table: Table, definitions: Definitions): string {
  const rows = table.children.map((row, index) => {
    const tag = index === 0 ? "th" : "td";
    const cells = row.children.map((cell, column) => {
      const align = table.align?.[column];
      return `<${tag}${align ? ` class="${align}"` : ""}>${inner(cell, definitions)}</${tag}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const body = rows.length > 1 ? `<tbody>${rows.slice(1).join("")}</tbody>` : "";
  return `<div class="table" tabindex="0"><table><thead>${rows[0] ?? ""}</thead>${body}</table></div>`;
}

function link(url: string, label: string): string {
  const parsed = URL.parse(url);
  if (!parsed || !linkProtocols.has(parsed.protocol)) return label;
  return `<a href="${escapeHtml(parsed.href)}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
}
