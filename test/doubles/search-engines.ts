import type { ServerResponse } from "node:http";
import { openSite, type Site } from "./web-site.ts";

/** What every engine here knows: two hundred pages on sourdough. */
const pages = Array.from({ length: 200 }, (_value, index) => ({
  title: `Sourdough & rye, part ${index + 1}`,
  url: `https://bread.test/${index + 1}?a=b&c=d`,
  snippet: `How the <dough> rises on day ${index + 1}.`,
}));

export const goodKey = "key-of-the-team";

/** All of them on one server, under a path each, as their documentation and recorded answers have it. */
export interface SearchEngines extends Site {
  /** The next answers, as statuses, instead of results. */
  readonly refusals: number[];
}

export async function openSearchEngines(): Promise<SearchEngines> {
  const refusals: number[] = [];
  const site = await openSite((request, response, body) => {
    const url = new URL(request.url ?? "", "http://double");
    const refusal = refusals.shift();
    if (refusal !== undefined) return void response.writeHead(refusal, { "content-type": "text/html" }).end("<html>no</html>");
    const [, engine = "", ...path] = url.pathname.split("/");
    const key = request.headers;
    switch (engine) {
      case "searxng":
        return void searxng(url, path.join("/"), response);
      case "brave":
        return void brave(url, path.join("/"), String(key["x-subscription-token"]), response);
      case "tavily":
        return void tavily(request.method ?? "", path.join("/"), String(key.authorization), body, response);
      case "duckduckgo":
        return void duckduckgo(url, path.join("/"), response);
      default:
        return void response.writeHead(404).end();
    }
  });
  return { ...site, refusals };
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** https://docs.searxng.org/dev/search_api.html; formats that are not allowed are a 403. */
function searxng(url: URL, path: string, response: ServerResponse): void {
  if (path !== "search") return void response.writeHead(404).end();
  if (url.searchParams.get("format") !== "json") return void response.writeHead(403).end();
  const query = url.searchParams.get("q") ?? "";
  const results = pages.slice(0, 30).map(({ title, url: target, snippet }) => ({
    url: target,
    title,
    content: snippet,
    engine: "startpage",
    parsed_url: ["https", "bread.test", "/", "", "", ""],
    template: "default.html",
    engines: ["startpage"],
    positions: [1],
    score: 1,
    category: "general",
    publishedDate: null,
  }));
  json(response, 200, {
    query,
    number_of_results: 0,
    results,
    answers: [],
    corrections: [],
    infoboxes: [],
    suggestions: [],
    unresponsive_engines: [],
  });
}

/** https://api-dashboard.search.brave.com/app/documentation/web-search/responses */
function brave(url: URL, path: string, key: string, response: ServerResponse): void {
  if (path !== "res/v1/web/search") return void response.writeHead(404).end();
  if (key !== goodKey)
    return json(response, 422, {
      type: "ErrorResponse",
      error: { id: "1", status: 422, code: "SUBSCRIPTION_TOKEN_INVALID", detail: "The provided subscription token is invalid." },
    });
  const query = url.searchParams.get("q") ?? "";
  if (query === "nothing") return json(response, 200, { type: "search", query: { original: query }, mixed: {} });
  const results = pages.slice(0, Number(url.searchParams.get("count") ?? 20)).map(({ title, url: target, snippet }) => ({
    title,
    url: target,
    is_source_local: false,
    description: `<strong>Bread</strong>: ${snippet}`,
    type: "search_result",
    language: "en",
  }));
  json(response, 200, { type: "search", query: { original: query }, web: { type: "search", results, family_friendly: true } });
}

/** https://docs.tavily.com/documentation/api-reference/endpoint/search */
function tavily(method: string, path: string, authorization: string, body: string, response: ServerResponse): void {
  if (path !== "search" || method !== "POST") return void response.writeHead(404).end();
  if (authorization !== `Bearer ${goodKey}`)
    return json(response, 401, { detail: { error: "Unauthorized: missing or invalid API key." } });
  const { query, max_results: limit } = JSON.parse(body) as { query: string; max_results: number };
  const results = pages
    .slice(0, limit)
    .map(({ title, url, snippet }) => ({ title, url, content: snippet, score: 0.9, raw_content: null }));
  json(response, 200, {
    query,
    follow_up_questions: null,
    answer: null,
    images: [],
    results,
    response_time: "1.2",
    request_id: "1",
  });
}

/** The page for browsers without scripts: results lead through a counter, and advertisements look like results. */
function duckduckgo(url: URL, path: string, response: ServerResponse): void {
  if (path !== "html/") return void response.writeHead(404).end();
  const query = url.searchParams.get("q") ?? "";
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const result = (kind: string, { title, url: target, snippet }: (typeof pages)[number]) => `
    <div class="result results_links results_links_deep ${kind}"><div class="links_main links_deep result__body">
      <h2 class="result__title"><a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=${encodeURIComponent(target)}&amp;rut=12ab">${escaped(title)}</a></h2>
      <a class="result__snippet" href="//duckduckgo.com/l/?uddg=${encodeURIComponent(target)}">${escaped(snippet)} <b>Bread</b></a>
    </div></div>`;
  const advertisement = { title: "Buy flour", url: "https://ads.test/", snippet: "Cheap!" };
  const list =
    query === "nothing"
      ? '<div class="result results_links result--no-result"><div class="no-results">No results.</div></div>'
      : result("result--ad", advertisement) +
        pages
          .slice(0, 10)
          .map((page) => result("web-result", page))
          .join("");
  response.setHeader("content-type", "text/html; charset=UTF-8");
  response.end(`<!DOCTYPE html><html><body><div id="links" class="results">${list}</div></body></html>`);
}
