import { Failure } from "../../core/failures.ts";

/** How a page is made into text. */
export type ContentKind = "html" | "pdf" | "text";

const megabyte = 1024 * 1024;
/** Far beyond what is worth reading at 15,000 characters a page; HTML is mostly markup and scripts. */
const largest: Readonly<Record<ContentKind | "unknown", number>> = {
  html: 5 * megabyte,
  pdf: 20 * megabyte,
  text: 5 * megabyte,
  unknown: 20 * megabyte,
};

/** How many bytes are read of this content type. Throws for what has no text in it. */
export function limitFor(contentType: string): number {
  return largest[kindFor(contentType)];
}

/** The kind of a page: as its server says, and where it says nothing of use, as it looks. Throws for what has no text in it. */
export function kindOf(contentType: string, body: Uint8Array): ContentKind {
  const told = kindFor(contentType);
  const start = new TextDecoder("latin1").decode(body.subarray(0, sniffed));
  // Servers hand out PDFs under any name.
  if (start.startsWith("%PDF-")) return "pdf";
  if (told !== "unknown" && told !== "pdf") return told;
  if (start.includes("\0") && !hasMark(body)) throw unreadable(contentType);
  return /^\s*<(?:!doctype html|html|head|body|!--)/i.test(start) ? "html" : "text";
}

const sniffed = 1_024;

function kindFor(contentType: string): ContentKind | "unknown" {
  const type = typeOf(contentType);
  if (["", "application/octet-stream", "binary/octet-stream", "application/download"].includes(type)) return "unknown";
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  if (type === "application/pdf" || type === "application/x-pdf") return "pdf";
  if (type.startsWith("text/") || /[/+](?:json|xml|yaml|x-yaml|toml|javascript|ecmascript|sql|x-sh|x-ndjson|csv|rtf)$/.test(type))
    return "text";
  throw unreadable(contentType);
}

function typeOf(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

function unreadable(contentType: string): Failure {
  const type = typeOf(contentType).slice(0, 80) || "binary data";
  return new Failure("web.refused", `It is ${type}, which has no text to read.`);
}

/** Bytes as text: by the mark at their beginning, the header, what the page says of itself, else UTF-8, else what old pages are in. */
export function decode(body: Uint8Array, contentType: string, kind: ContentKind): string {
  const label = hasMark(body) ?? /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1] ?? ownCharset(body, kind);
  const named = label === null ? null : decoderFor(label);
  if (named !== null) return named.decode(body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return new TextDecoder("windows-1252").decode(body);
  }
}

function hasMark(body: Uint8Array): string | null {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return "utf-8";
  if (body[0] === 0xff && body[1] === 0xfe) return "utf-16le";
  return body[0] === 0xfe && body[1] === 0xff ? "utf-16be" : null;
}

/** `<meta charset>`, `<meta http-equiv>` or `<?xml encoding?>` in the first kilobyte, where the standard wants them. */
function ownCharset(body: Uint8Array, kind: ContentKind): string | null {
  const start = new TextDecoder("latin1").decode(body.subarray(0, sniffed));
  const inXml = /^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)/i.exec(start);
  const inMeta = kind === "html" ? /<meta[^>]{0,300}charset\s*=\s*["']?([\w.:-]+)/i.exec(start) : null;
  const label = inMeta?.[1] ?? inXml?.[1] ?? null;
  // What could be read so far was no UTF-16, whatever it says.
  return label !== null && /^utf-?16/i.test(label) ? "utf-8" : label;
}

function decoderFor(label: string): { decode(bytes: Uint8Array): string } | null {
  try {
    return new TextDecoder(label);
  } catch {
    return null;
  }
}
