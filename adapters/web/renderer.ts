import type { Log } from "../../src/core/log.ts";
import { createThread } from "../render/thread.ts";
import { plainHtml, toHtml } from "./html.ts";

/** Turns Markdown into safe HTML without holding up the event loop. */
export interface Renderer {
  html(markdown: string): Promise<string>;
  close(): Promise<void>;
}

/** Measured on two cores: 4,000 typical characters take 5 ms when warm; 100,000 take 0.8 s, which belongs in a thread. */
const inlineChars = 4_000;
/** Quotes in quotes in quotes cost the parser time out of all proportion (4,000 signs: 0.5 s). */
const deepNesting = /^[ \t>*+-]{64}/m;
const cacheChars = 1_000_000;

/** Short texts at once, long ones in a thread that goes away when idle; one that takes longer than `threadMs` is shown as it is. */
export function createRenderer(log: Log, threadMs = 5_000): Renderer {
  const cache = createCache();
  const file = new URL("./html-worker.ts", import.meta.url);
  const thread = createThread<string, string>({ file, instead: plainHtml, threadMs, log });
  return {
    async html(markdown) {
      const known = cache.get(markdown);
      if (known !== undefined) return known;
      const inline = markdown.length <= inlineChars && !deepNesting.test(markdown);
      const html = inline ? atOnce(markdown) : await thread.ask(markdown);
      cache.set(markdown, html);
      return html;
    },
    close: thread.stop,
  };
}

function atOnce(markdown: string): string {
  try {
    return toHtml(markdown);
  } catch {
    return plainHtml(markdown);
  }
}

function createCache(): { get(key: string): string | undefined; set(key: string, html: string): void } {
  const entries = new Map<string, string>();
  let size = 0;
  return {
    get: (key) => entries.get(key),
    set(key, html) {
      if (entries.has(key)) return;
      entries.set(key, html);
      size += key.length + html.length;
      for (const [oldest, value] of entries) {
        if (size <= cacheChars) break;
        entries.delete(oldest);
        size -= oldest.length + value.length;
      }
    },
  };
}
