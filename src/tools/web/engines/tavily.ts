import { z } from "zod";
import { below, type Engine } from "./engine.ts";

const answer = z.object({
  results: z.array(z.object({ url: z.string(), title: z.string().nullish(), content: z.string().nullish() })),
});

/** https://docs.tavily.com/documentation/api-reference/endpoint/search */
export function tavily(base: string, key: string): Engine {
  return {
    name: "Tavily",
    request: (query, limit) => ({
      url: below(base, "/search"),
      headers: { accept: "application/json", "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, max_results: limit }),
    }),
    hits: (text) =>
      answer
        .parse(JSON.parse(text))
        .results.map(({ url, title, content }) => ({ url, title: title ?? "", snippet: content ?? "" })),
    mend: (status) => {
      if (status === 401 || status === 403) return "Check TAVILY_API_KEY.";
      // Its own numbers for a plan that is used up and for a limit that the account has set.
      return status === 432 || status === 433 ? "The account's quota is used up." : null;
    },
  };
}
