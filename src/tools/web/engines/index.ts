import { brave } from "./brave.ts";
import { duckduckgo } from "./duckduckgo.ts";
import type { Engine } from "./engine.ts";
import { searxng } from "./searxng.ts";
import { tavily } from "./tavily.ts";

/** Which service searches, and what it needs. */
export interface SearchSettings {
  readonly backend: "auto" | keyof typeof engines;
  readonly searxngUrl: string | null;
  readonly braveKey: string | null;
  readonly braveUrl: string;
  readonly tavilyKey: string | null;
  readonly tavilyUrl: string;
  readonly duckduckgoUrl: string;
}

type Reader = (html: string, signal: AbortSignal) => Promise<string>;

/** ONE LINE AN ENGINE, in the order in which `auto` looks for one that is set up; null: it is not. */
const engines = {
  searxng: ({ searxngUrl: url }: SearchSettings) => (url === null ? null : searxng(url)),
  brave: ({ braveKey: key, braveUrl: url }: SearchSettings) => (key === null ? null : brave(url, key)),
  tavily: ({ tavilyKey: key, tavilyUrl: url }: SearchSettings) => (key === null ? null : tavily(url, key)),
  duckduckgo: ({ duckduckgoUrl: url }: SearchSettings, read: Reader) => duckduckgo(url, read),
} satisfies Record<string, (settings: SearchSettings, read: Reader) => Engine | null>;

/** The engine that is chosen and set up; null where there is none. One without a key is used only when it is chosen by name. */
export function engineFor(settings: SearchSettings, read: Reader): Engine | null {
  if (settings.backend !== "auto") return engines[settings.backend](settings, read);
  return engines.searxng(settings) ?? engines.brave(settings) ?? engines.tavily(settings);
}

/** Whether anything can be searched with. */
export function hasEngine(settings: SearchSettings): boolean {
  return engineFor(settings, () => Promise.resolve("")) !== null;
}
