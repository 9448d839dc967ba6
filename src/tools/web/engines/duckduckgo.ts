import { z } from "zod";
import type { SearchHit } from "../../../core/tool.ts";
import { below, type Engine } from "./engine.ts";

const hits = z.array(z.object({ title: z.string(), url: z.string(), snippet: z.string() }));

/** Its page for browsers without scripts: no key, no promise that it stays as it is, and soon tired of many requests. */
export function duckduckgo(base: string, read: (html: string, signal: AbortSignal) => Promise<string>): Engine {
  return {
    name: "DuckDuckGo",
    request: (query) => ({ url: below(base, "/html/", { q: query }), headers: { accept: "text/html" } }),
    async hits(text, signal): Promise<readonly SearchHit[]> {
      return hits.parse(JSON.parse(await read(text, signal)));
    },
    // 202 comes with a picture puzzle.
    mend: (status) =>
      [202, 403, 418].includes(status)
        ? "It takes this machine for a robot; wait, or set up SearXNG, Brave or Tavily (hermes config set web.backend)."
        : null,
  };
}
