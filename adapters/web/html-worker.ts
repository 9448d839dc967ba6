import { parentPort } from "node:worker_threads";
import { toHtml } from "./html.ts";

/** One text to turn into HTML; the thread answers in the order it was asked. */
export interface HtmlJob {
  readonly id: number;
  readonly markdown: string;
}

/** `html` is null when the text is too deeply nested to be read. */
export interface HtmlResult {
  readonly id: number;
  readonly html: string | null;
}

parentPort?.on("message", (job: HtmlJob) => {
  parentPort?.postMessage({ id: job.id, html: convert(job.markdown) } satisfies HtmlResult);
});

function convert(markdown: string): string | null {
  try {
    return toHtml(markdown);
  } catch {
    return null;
  }
}
