import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** Some lines of a text, by the Markdown tree: where they may be cut, and what a cut leaves open. */
export interface Spans {
  /** The lines as one text. */
  readonly text: string;
  /** The signs of what is open there, outermost first. */
  openAt(offset: number): readonly string[];
  /** The most signs that may be open at a place in this stretch, in characters. */
  signsWithin(from: number, to: number): number;
  /** Where what must not be cut begins that this offset lies in; else the offset. */
  outside(offset: number): number;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Mark extends Range {
  readonly sign: string;
}

const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };
/** More signs than these in one block take the parser quadratic time. */
const mostSigns = 4_000;

/** The spans of a block's lines. Their indentation counts for nothing: it tells of lists around the block, which the parser does not see. */
export function spansOf(lines: readonly string[]): Spans {
  const text = lines.join("\n");
  const { marks, wholes } = read(lines);
  const within = ({ from, to, sign }: Mark, at: number): boolean => from + sign.length < at && at < to - sign.length;
  return {
    text,
    openAt: (offset) => marks.filter((mark) => within(mark, offset)).map(({ sign }) => sign),
    signsWithin: (from, to) => marks.reduce((sum, mark) => (mark.from < to && mark.to > from ? sum + mark.sign.length : sum), 0),
    outside: (offset) => wholes.find(({ from, to }) => from < offset && offset < to)?.from ?? offset,
  };
}

function read(lines: readonly string[]): { readonly marks: readonly Mark[]; readonly wholes: readonly Range[] } {
  const marks: Mark[] = [];
  const wholes: Range[] = [];
  const bare = lines.map((line) => line.trimStart());
  const source = bare.join("\n");
  const signs = source.match(/[[\]*_~`<:@]|www\./g)?.length ?? 0;
  if (signs === 0 || signs > mostSigns) return { marks, wholes };
  // How much indentation stands before each line and those above it.
  let indentation = 0;
  const shifts = lines.map((line, at) => (indentation += line.length - (bare[at]?.length ?? 0)));
  const place = (point: { readonly line: number; readonly offset?: number | undefined } | undefined): number =>
    (point?.offset ?? 0) + (shifts[(point?.line ?? 1) - 1] ?? 0);
  visit(tree(source), (node) => {
    const from = place(node.position?.start);
    const to = place(node.position?.end);
    if (uncut.has(node.type)) wholes.push({ from, to });
    if (node.type !== "strong" && node.type !== "emphasis" && node.type !== "delete") return;
    const sign = source.slice(node.position?.start.offset ?? 0, node.children[0]?.position?.start.offset ?? 0);
    if (sign === "") return;
    marks.push({ from, to, sign });
    // A sign by itself marks nothing: a letter at least stays with it.
    wholes.push({ from, to: from + sign.length + 1 }, { from: to - sign.length - 1, to });
  });
  return { marks: marks.toSorted((one, other) => one.from - other.from || other.to - one.to), wholes };
}

const uncut = new Set<Nodes["type"]>([
  "link",
  "image",
  "inlineCode",
  "linkReference",
  "imageReference",
  "footnoteReference",
  "html",
]);

function tree(source: string): Nodes {
  try {
    return fromMarkdown(source, options);
  } catch {
    // Nesting deeper than the parser's stack.
    return { type: "root", children: [] };
  }
}

function visit(node: Nodes, look: (node: Nodes) => void): void {
  look(node);
  if ("children" in node) for (const child of node.children) visit(child, look);
}
