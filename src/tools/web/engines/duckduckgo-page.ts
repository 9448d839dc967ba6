import { parseHTML } from "linkedom";
import type { SearchHit } from "../../../core/tool.ts";

/** What `parseHTML` gives, as far as it is used here; its own types need a browser's. */
interface Found {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Found | null;
}

/** The results on DuckDuckGo's page, without advertisements. Throws where it is another page. */
export function readResults(html: string): readonly SearchHit[] {
  // The boundary to a library whose types are a browser's.
  const { document } = parseHTML(html) as { document: Found & { querySelectorAll(selector: string): Iterable<Found> } };
  const hits = [...document.querySelectorAll(".result:not(.result--ad):not(.result--no-result)")].flatMap(
    (result) => hitOf(result) ?? [],
  );
  if (hits.length === 0 && document.querySelector(".no-results, .result--no-result") === null)
    throw new Error("It is no page of results.");
  return hits;
}

function hitOf(result: Found): SearchHit | null {
  const link = result.querySelector("a.result__a");
  const url = targetOf(link?.getAttribute("href") ?? "");
  if (link === null || url === null) return null;
  return { title: link.textContent.trim(), url, snippet: result.querySelector(".result__snippet")?.textContent.trim() ?? "" };
}

/** Results lead through a counter, which names the page in `uddg`. */
function targetOf(href: string): string | null {
  const url = URL.parse(href, "https://duckduckgo.com");
  return url?.searchParams.get("uddg") ?? url?.href ?? null;
}
