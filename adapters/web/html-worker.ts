import { parentPort } from "node:worker_threads";
import type { Done, Job } from "../render/thread.ts";
import { toHtml } from "./html.ts";

parentPort?.on("message", ({ id, question }: Job<string>) => {
  parentPort?.postMessage({ id, answer: convert(question) } satisfies Done<string>);
});

function convert(markdown: string): string | null {
  try {
    return toHtml(markdown);
  } catch {
    return null;
  }
}
