import { z } from "zod";
import { below, type Engine } from "./engine.ts";

const answer = z.object({
  web: z
    .object({ results: z.array(z.object({ url: z.string(), title: z.string(), description: z.string().nullish() })) })
    .nullish(),
});

/** https://api-dashboard.search.brave.com/app/documentation/web-search */
export function brave(base: string, key: string): Engine {
  return {
    name: "Brave Search",
    request: (query, limit) => ({
      url: below(base, "/res/v1/web/search", { q: query, count: String(limit), text_decorations: "false" }),
      headers: { accept: "application/json", "x-subscription-token": key },
    }),
    hits: (text) =>
      (answer.parse(JSON.parse(text)).web?.results ?? []).map(({ url, title, description }) => ({
        url,
        title,
        snippet: description ?? "",
      })),
    // 422 is what it says to a key that it does not know.
    mend: (status) => ([401, 403, 422].includes(status) ? "Check BRAVE_SEARCH_API_KEY." : null),
  };
}
