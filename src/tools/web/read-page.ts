import { Failure } from "../../core/failures.ts";
import type { WebPage } from "../../core/tool.ts";
import type { Allowance } from "../../sandbox/guard/allowance.ts";
import { type Fetched, guardedFetch } from "../../sandbox/guard/fetch.ts";
import { decode, kindOf, limitFor } from "./content.ts";
import type { PageText } from "./page-jobs.ts";
import type { Parsing } from "./parsing.ts";

/** A page as text: articles and other HTML as Markdown, PDFs' text, everything else as it is. Throws for the model. */
export async function readPage(url: string, allowance: Allowance, parsing: Parsing, signal: AbortSignal): Promise<WebPage> {
  const fetched = await guardedFetch(url, { allowance, signal, limit: limitFor });
  const page = fetched.body.length === 0 ? { title: "", text: "" } : await textOf(fetched, parsing, signal);
  const text = visible(page.text).trim();
  if (fetched.status >= 400) throw new Failure("web.failed", `The server answered ${statusWords(fetched.status)}`);
  if (text === "") throw new Failure("web.failed", "There is no text on it; it may be made by scripts, which are not run here.");
  return { url: fetched.url, title: visible(page.title).replaceAll(/\s+/g, " ").trim(), text };
}

async function textOf({ body, contentType, url }: Fetched, parsing: Parsing, signal: AbortSignal): Promise<PageText> {
  const kind = kindOf(contentType, body);
  switch (kind) {
    case "pdf":
      return await parsing.read({ type: "pdf", data: body }, signal);
    case "html":
      return await parsing.read({ type: "html", html: decode(body, contentType, kind), url }, signal);
    case "text":
      return { title: "", text: decode(body, contentType, kind) };
  }
}

function statusWords(status: number): string {
  if (status === 404 || status === 410) return `${status}: there is no such page.`;
  if (status === 401 || status === 403) return `${status}: it wants a login or keeps programs out.`;
  if (status === 429) return "429: it was asked too often.";
  return status >= 500 ? `${status}: it is in trouble; try later.` : `${status}.`;
}

/** Without characters that nobody sees: they hide words from people, not from models. Line breaks and tabs stay. */
function visible(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(unseen, "").toWellFormed();
}

/** Control and format characters, and the tags and variation selectors that can spell whole sentences; joiners that emoji need stay. */
const unseen = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]|[\u{e0000}-\u{e0fff}]/gu;
