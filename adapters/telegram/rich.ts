import type { Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** The schemes a link may have: others (`tg:`) mention people or act inside the app. */
const plainScheme = /^(?:https?:|mailto:)/i;

/**
 * Markdown for a rich message, made harmless; null when the content needs none, since some clients show rich messages blank.
 * Telegram takes HTML in it (buttons, pictures, mentions), which a model must not be able to write.
 */
export function richMarkdown(markdown: string): string | null {
  const tree = parse(markdown);
  return tree && all(tree).some(isRich) ? harmless(markdown) : null;
}

/** What is taken apart may form something else (a picture leaves a link): hence several passes. */
const mostPasses = 8;

function harmless(markdown: string): string | null {
  let text = markdown;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const tree = parse(text);
    if (!tree) return null;
    const nodes = all(tree);
    const edits = editsOf(text, nodes);
    // The parser has the last word: what it still takes for HTML goes out as a plain message.
    if (edits.length === 0) return nodes.some((node) => node.type === "html" || isHarmful(node)) ? null : text;
    text = apply(text, edits);
  }
  return null;
}

function editsOf(text: string, nodes: readonly Nodes[]): Edit[] {
  const harmful = nodes.filter((node) => isHarmful(node) && text[span(node).from] !== "<");
  const edits: Edit[] = harmful.map((node) => ({ at: span(node).from, put: "\\", drop: 0 }));
  const literal = nodes.filter(isLiteral).map(span);
  // What a backslash precedes is no HTML already.
  for (const { 0: found, index } of text.matchAll(/\\[^]|</g)) {
    const counts = found === "<" && !literal.some(({ from, to }) => from <= index && index < to);
    if (counts) edits.push({ at: index, put: "&lt;", drop: 1 });
  }
  return edits;
}

interface Edit {
  readonly at: number;
  readonly put: string;
  readonly drop: number;
}

function parse(markdown: string): Root | null {
  try {
    return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  } catch {
    // Nesting deeper than the parser's stack.
    return null;
  }
}

/** All nodes below, without recursion: the nesting may be deep. */
function all(tree: Root): Nodes[] {
  const found: Nodes[] = [tree];
  for (const node of found) if ("children" in node) found.push(...node.children);
  return found;
}

/** What plain messages can't show well: tables and task lists. */
function isRich(node: Nodes): boolean {
  return node.type === "table" || (node.type === "listItem" && typeof node.checked === "boolean");
}

/** Where a `<` is no HTML: in code and around an address. */
function isLiteral(node: Nodes): boolean {
  return (
    node.type === "code" || node.type === "inlineCode" || (node.type === "link" && plainScheme.test(node.url) && isAddress(node))
  );
}

function isAddress(node: Nodes & { readonly type: "link" }): boolean {
  const [only] = node.children;
  // `<https://a.b>`: the text fills the angle brackets.
  return (
    only?.type === "text" &&
    span(only).from === span(node).from + 1 &&
    span(only).to === span(node).to - 1 &&
    only.value === bare(node.url, only.value)
  );
}

function bare(url: string, text: string): string {
  return url === `mailto:${text}` ? text : url;
}

function isHarmful(node: Nodes): boolean {
  if (node.type === "image" || node.type === "imageReference") return true;
  return (node.type === "link" || node.type === "definition") && !plainScheme.test(node.url);
}

function span(node: Nodes): { readonly from: number; readonly to: number } {
  return { from: node.position?.start.offset ?? 0, to: node.position?.end.offset ?? 0 };
}

function apply(text: string, edits: readonly Edit[]): string {
  let at = 0;
  let out = "";
  for (const edit of edits.toSorted((one, other) => one.at - other.at || one.drop - other.drop)) {
    out += text.slice(at, edit.at) + edit.put;
    at = edit.at + edit.drop;
  }
  return out + text.slice(at);
}
