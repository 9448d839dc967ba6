import { parentPort } from "node:worker_threads";
import { readResults } from "./engines/duckduckgo-page.ts";
import { readHtml } from "./html.ts";
import type { PageJob, PageReply, PageText, ThreadReady } from "./page-jobs.ts";
import { readPdf } from "./pdf.ts";

/** The thread in which pages are read: a page of 2 MB takes a second, and chats must not wait for it. */

const port = parentPort;
port?.on("message", (job: PageJob) => {
  void answer(job).then((reply) => port.postMessage(reply));
});
const ready: ThreadReady = "ready";
port?.postMessage(ready);

async function answer(job: PageJob): Promise<PageReply> {
  try {
    return { id: job.id, ok: true, page: await read(job) };
  } catch (thrown) {
    return { id: job.id, ok: false, message: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

async function read(job: PageJob): Promise<PageText> {
  switch (job.type) {
    case "html":
      return readHtml(job.html, job.url);
    case "pdf":
      return await readPdf(job.data);
    case "duckduckgo":
      return { title: "", text: JSON.stringify(readResults(job.html)) };
  }
}
