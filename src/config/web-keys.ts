import { isIP } from "node:net";
import { z } from "zod";
import { address, type Kind, oneOf, text, whole } from "./kinds.ts";
import { row } from "./row.ts";

const schemes = ["http", "https"];

/** The rows of searching and reading the web. */
export const webKeys = {
  "web.backend": row(
    oneOf(["auto", "searxng", "brave", "tavily", "duckduckgo"], {
      "brave-free": "brave",
      brave_free: "brave",
      ddg: "duckduckgo",
      ddgs: "duckduckgo",
    }),
    "auto",
    "What `web_search` asks: `auto` takes the first that has its address or key below; `duckduckgo` needs none, but only when it is chosen. Without any there is no `web_search`.",
    { aliases: ["web.search_backend"], effect: "conversation" },
  ),
  "web.searxng_url": row(address(schemes, "http://127.0.0.1:8888"), null, "A SearXNG instance that may answer in JSON.", {
    env: "SEARXNG_URL",
    effect: "conversation",
  }),
  "web.brave_api_key": row(text("a key"), null, "The key of Brave's search API.", {
    env: "BRAVE_SEARCH_API_KEY",
    secret: true,
    effect: "conversation",
  }),
  "web.tavily_api_key": row(text("a key"), null, "Tavily's key.", {
    env: "TAVILY_API_KEY",
    secret: true,
    effect: "conversation",
  }),
  "web.tavily_base_url": row(address(schemes, "https://api.tavily.com"), "https://api.tavily.com", "Where Tavily answers.", {
    env: "TAVILY_BASE_URL",
    effect: "conversation",
  }),
  "web.extract_char_limit": row(
    whole(1_000, 200_000, "characters"),
    15_000,
    "The most of one page that `web_extract` gives at a time; less in a small window.",
    { effect: "use" },
  ),
  "security.allow_private_urls": row(
    privateHosts(),
    [],
    "What of the team's own network web tools may read: hosts (`wiki.corp.lan`, `*.corp.lan`), addresses and networks (`10.1.0.0/16`), or `true` for all of it. This machine only by its name or address, cloud metadata never.",
    { env: "HERMES_ALLOW_PRIVATE_URLS", effect: "use" },
  ),
};

/** Hosts, addresses and networks; as in the original also `true` (here `*`) and `false`. */
function privateHosts(): Kind<readonly string[]> {
  const entry = z
    .string()
    .transform((name) => name.trim().toLowerCase())
    .refine(isHostOrNetwork);
  return {
    schema: z.preprocess(entries, z.array(entry)),
    expected: "true, false, or hosts and networks separated by commas, such as wiki.corp.lan, 10.1.0.0/16",
  };
}

function entries(raw: unknown): unknown {
  if (typeof raw === "boolean") return raw ? ["*"] : [];
  if (typeof raw !== "string") return raw;
  const word = raw.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return ["*"];
  if (["false", "no", "off", "0", ""].includes(word)) return [];
  return raw
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isHostOrNetwork(name: string): boolean {
  const [base = "", bits, ...more] = name.split("/");
  if (bits !== undefined) {
    const most = isIP(base) === 6 ? 128 : 32;
    return more.length === 0 && isIP(base) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  }
  return name === "*" || isIP(name) !== 0 || /^(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*$/u.test(name);
}
