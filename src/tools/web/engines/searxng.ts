import { z } from "zod";
import { below, type Engine } from "./engine.ts";

const answer = z.object({
  results: z.array(z.object({ url: z.string(), title: z.string().nullish(), content: z.string().nullish() })),
});

/** The team's own metasearch. It gives as many results as it likes, so the limit is the caller's. */
export function searxng(base: string): Engine {
  return {
    name: "SearXNG",
    request: (query) => ({
      url: below(base, "/search", { q: query, format: "json" }),
      headers: { accept: "application/json" },
    }),
    hits: (text) =>
      answer
        .parse(JSON.parse(text))
        .results.map(({ url, title, content }) => ({ url, title: title ?? "", snippet: content ?? "" })),
    mend: (status) =>
      status === 403
        ? "Its settings.yml must allow JSON: add json to search.formats, and let this machine through its limiter."
        : status === 404
          ? "web.searxng_url must be the instance's own address, without /search."
          : null,
  };
}
