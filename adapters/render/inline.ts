import type { PhrasingContent } from "mdast";
import type { Mark, Span } from "./lines.ts";

/** Inline Markdown as lines of spans: a hard or soft break begins a new line, as people write in chats. */
export function inlineLines(nodes: readonly PhrasingContent[], marks: readonly Mark[] = []): Span[][] {
  const lines: Span[][] = [[]];
  const put = (text: string, with_: readonly Mark[]): void => {
    for (const [index, part] of text.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (part !== "") lines.at(-1)?.push({ text: part, marks: with_ });
    }
  };
  walk(nodes, marks, put);
  return lines;
}

type Put = (text: string, marks: readonly Mark[]) => void;

function walk(nodes: readonly PhrasingContent[], marks: readonly Mark[], put: Put): void {
  for (const node of nodes) visit(node, marks, put);
}

function visit(node: PhrasingContent, marks: readonly Mark[], put: Put): void {
  switch (node.type) {
    case "text":
      return put(node.value, marks);
    case "break":
      return put("\n", marks);
    case "html":
      return put(/^<br\s*\/?>$/i.test(node.value) ? "\n" : node.value, marks);
    case "strong":
      return walk(node.children, withMark(marks, { type: "bold" }), put);
    case "emphasis":
      return walk(node.children, withMark(marks, { type: "italic" }), put);
    case "delete":
      return walk(node.children, withMark(marks, { type: "strike" }), put);
    case "inlineCode":
      return put(node.value.replaceAll("\n", " "), withMark(marks, { type: "code" }));
    case "link":
      return link(node.url, node.children, marks, put);
    case "image":
      return link(node.url, [{ type: "text", value: node.alt || node.title || "image" }], marks, put);
    case "linkReference":
      // Without its definition (the parser keeps these only where there is one): the text says enough.
      return walk(node.children, marks, put);
    case "imageReference":
      return put(node.alt ?? node.identifier, marks);
    case "footnoteReference":
      return put(`[${node.label ?? node.identifier}]`, marks);
  }
}

/** Marks of one kind don't nest: the outer one stands. Within a link or code nothing else is a link or code. */
function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  if (marks.some((each) => each.type === mark.type)) return marks;
  const inWhole = marks.some((each) => each.type === "link" || each.type === "code");
  return inWhole && (mark.type === "code" || mark.type === "link") ? marks : [...marks, mark];
}

function link(url: string, children: readonly PhrasingContent[], marks: readonly Mark[], put: Put): void {
  if (isAddress(url)) {
    const linked = withMark(marks, { type: "link", url });
    return children.length === 0 ? put(url, linked) : walk(children, linked, put);
  }
  walk(children, marks, put);
  // A path or an unknown scheme can't be opened from a chat; it is said instead.
  if (url !== "" && !url.startsWith("data:")) put(children.length === 0 ? url : ` (${url})`, marks);
}

/** Only what a chat can open; `tg:` could mention people. */
function isAddress(url: string): boolean {
  return /^(?:https?|mailto|tel):/i.test(url) && URL.canParse(url) && url.length <= 2_000;
}
