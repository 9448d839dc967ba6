import { Worker } from "node:worker_threads";
import type { Log } from "../../src/core/log.ts";
import { plainHtml, toHtml } from "./html.ts";
import type { HtmlJob, HtmlResult } from "./html-worker.ts";

/** Turns Markdown into safe HTML without holding up the event loop. */
export interface Renderer {
  html(markdown: string): Promise<string>;
  close(): Promise<void>;
}

/** Measured on two cores: 4,000 typical characters take 5 ms when warm; 100,000 take 0.8 s, which belongs in a thread. */
const inlineChars = 4_000;
/** Quotes in quotes in quotes cost the parser time out of all proportion (4,000 signs: 0.5 s). */
const deepNesting = /^[ \t>*+-]{64}/m;
/** An idle thread holds some 20 MB. */
const idleMs = 30_000;
const cacheChars = 1_000_000;

interface Waiting {
  readonly markdown: string;
  resolve(html: string): void;
}

/** Short texts at once, long ones in a thread that goes away when idle; one that takes longer than `threadMs` is shown as it is. */
export function createRenderer(log: Log, threadMs = 5_000): Renderer {
  const cache = createCache();
  const thread = createThread(log, threadMs);
  return {
    async html(markdown) {
      const known = cache.get(markdown);
      if (known !== undefined) return known;
      const inline = markdown.length <= inlineChars && !deepNesting.test(markdown);
      const html = inline ? atOnce(markdown) : await thread.html(markdown);
      cache.set(markdown, html);
      return html;
    },
    close: () => thread.stop(),
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

function createThread(log: Log, threadMs: number): { html(markdown: string): Promise<string>; stop(): Promise<void> } {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | null = null;
  let lastId = 0;

  async function stop(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    const stopping = worker;
    worker = null;
    for (const { markdown, resolve } of waiting.values()) resolve(plainHtml(markdown));
    waiting.clear();
    await stopping?.terminate();
  }

  function watch(): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (waiting.size > 0) log.warn({ waiting: waiting.size }, "a text took too long to format; it is shown as it is");
        void stop();
      },
      waiting.size > 0 ? threadMs : idleMs,
    );
    timer.unref();
  }

  function settle(result: HtmlResult): void {
    const asked = waiting.get(result.id);
    waiting.delete(result.id);
    asked?.resolve(result.html ?? plainHtml(asked.markdown));
    watch();
  }

  function open(): Worker {
    const opened = new Worker(new URL("./html-worker.ts", import.meta.url));
    opened.unref();
    opened.on("message", settle);
    opened.on("error", (error) => {
      log.warn({ error: error.message }, "the formatting thread broke; its texts are shown as they are");
      if (worker === opened) void stop();
    });
    return opened;
  }

  return {
    html: (markdown) =>
      new Promise((resolve) => {
        const id = ++lastId;
        waiting.set(id, { markdown, resolve });
        worker ??= open();
        worker.postMessage({ id, markdown } satisfies HtmlJob);
        watch();
      }),
    stop,
  };
}
