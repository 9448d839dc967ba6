import type { Config } from "../config/keys.ts";
import type { SearchSettings, WebSettings } from "../tools/web/index.ts";

/** What the configuration says of searching and reading the web. */
export function webSettings(config: Config): WebSettings {
  return {
    search: searchSettings(config),
    pageChars: config.web.extractCharLimit,
    allowed: config.security.allowPrivateUrls,
  };
}

/** What it says of searching alone. */
export function searchSettings({ web }: Config): SearchSettings {
  return {
    backend: web.backend,
    searxngUrl: web.searxngUrl,
    braveKey: web.braveApiKey,
    braveUrl: "https://api.search.brave.com",
    tavilyKey: web.tavilyApiKey,
    tavilyUrl: web.tavilyBaseUrl,
    duckduckgoUrl: "https://html.duckduckgo.com",
  };
}
