import { Failure } from "../../core/failures.ts";
import type { WebPorts } from "../../core/tool.ts";
import { allowing } from "../../sandbox/guard/allowance.ts";
import { engineFor, type SearchSettings } from "./engines/index.ts";
import { openParsing } from "./parsing.ts";
import { readPage } from "./read-page.ts";
import { searchWith } from "./search.ts";

export { hasEngine, type SearchSettings } from "./engines/index.ts";

/** Read at each use: a changed key counts from then on. */
export interface WebSettings {
  readonly search: SearchSettings;
  readonly pageChars: number;
  /** Hosts and networks of the team's own that pages may be read from. */
  readonly allowed: readonly string[];
}

/** The web as tools see it. */
export interface Web extends WebPorts {
  /** The text of a PDF, read beside the event loop. */
  pdfText(data: Uint8Array, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** Searching and reading, all of it through the address guard. */
export function openWeb(settings: () => Promise<WebSettings>): Web {
  const parsing = openParsing();
  const readResults = async (html: string, signal: AbortSignal) =>
    (await parsing.read({ type: "duckduckgo", html }, signal)).text;
  return {
    async search(query, limit, signal) {
      const engine = engineFor((await settings()).search, readResults);
      if (engine === null)
        throw new Failure("web.failed", "No search service is set up; see web.backend in docs/configuration.md.");
      return await searchWith(engine, query, limit, signal);
    },
    async read(url, signal) {
      return await readPage(url, allowing((await settings()).allowed), parsing, signal);
    },
    pdfText: async (data, signal) => (await parsing.read({ type: "pdf", data }, signal)).text,
    pageChars: async () => (await settings()).pageChars,
    close: () => parsing.close(),
  };
}
