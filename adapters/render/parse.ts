import type { Code, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { closeOpenMarks } from "./open-marks.ts";
import { segments } from "./segments.ts";

const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };

/** Markdown (CommonMark and GFM) as top-level blocks. Any text is accepted; what can't be parsed in bounded time is plain text. */
export function parseMarkdown(markdown: string): RootContent[] {
  const found = segments(clean(markdown));
  return found.flatMap((segment, index) => {
    switch (segment.type) {
      case "fence":
        return [code(segment.language, segment.text)];
      case "plain":
        return [plainText(segment.text)];
      case "markdown":
        return parseSegment(index === found.length - 1 ? closeOpenMarks(segment.text) : segment.text);
    }
  });
}

function parseSegment(text: string): RootContent[] {
  try {
    return fromMarkdown(text, options).children;
  } catch {
    // Nesting deeper than the parser's stack.
    return [plainText(text)];
  }
}

function code(language: string | null, value: string): Code {
  return { type: "code", lang: language, value };
}

function plainText(value: string): RootContent {
  return { type: "paragraph", children: [{ type: "text", value }] };
}

/** Chats take neither lone surrogates nor control characters. */
function clean(markdown: string): string {
  return markdown
    .toWellFormed()
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, "");
}
