/** One message of the page: Markdown as the agent wrote it. The HTML is made when it is posted. */
export interface WebChunk {
  readonly markdown: string;
  /** A dim line below, plain text. */
  readonly footer?: string;
}

/** More than this would make the page slow; the answer goes on in the next message. */
const chunkChars = 200_000;

interface Fence {
  /** The opening line, repeated when a block goes on in the next message. */
  readonly line: string;
  readonly mark: string;
}

/** Cuts at line ends only, and closes and reopens a code block that is cut. Never empty. */
export function toChunks(markdown: string, limit = chunkChars): readonly WebChunk[] {
  if (markdown.length <= limit) return [{ markdown }];
  const chunks: WebChunk[] = [];
  let lines: string[] = [];
  let size = 0;
  let fence: Fence | null = null;
  for (const line of shortLines(markdown, limit)) {
    const closing: number = fence ? fence.mark.length + 1 : 0;
    if (size + line.length + closing > limit && lines.length > 0) {
      chunks.push({ markdown: [...lines, ...(fence ? [fence.mark] : [])].join("\n") });
      lines = fence ? [fence.line] : [];
      size = fence ? fence.line.length + 1 : 0;
    }
    lines.push(line);
    size += line.length + 1;
    fence = nextFence(fence, line);
  }
  chunks.push({ markdown: lines.join("\n") });
  return chunks;
}

function nextFence(open: Fence | null, line: string): Fence | null {
  const match = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
  const mark = match?.[1] ?? "";
  if (!mark) return open;
  if (!open) return { line: line.slice(0, 200), mark };
  const closes = mark.startsWith(open.mark) && (match?.[2] ?? "").trim() === "";
  return closes ? null : open;
}

/** Half the limit leaves room for a fence around each piece. */
function* shortLines(markdown: string, limit: number): Generator<string> {
  const most = Math.floor(limit / 2);
  for (const line of markdown.split("\n")) {
    let rest = line;
    while (rest.length > most) {
      const pair = /[\uD800-\uDBFF]/.test(rest[most - 1] ?? "");
      const end = pair ? most - 1 : most;
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
    yield rest;
  }
}
