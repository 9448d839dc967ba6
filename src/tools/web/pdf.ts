import { extractText, getDocumentProxy, getMeta } from "unpdf";
import type { PageText } from "./page-jobs.ts";

/** The text of a PDF, page by page. Throws an Error whose message the model reads. */
export async function readPdf(data: Uint8Array): Promise<PageText> {
  const document = await getDocumentProxy(data, { isEvalSupported: false, disableFontFace: true, verbosity: 0 }).catch(
    (error: unknown) => {
      const locked = error instanceof Error && error.name === "PasswordException";
      throw new Error(locked ? "It is a PDF that needs a password." : "It is a PDF that can't be read: its data is broken.");
    },
  );
  const { text, totalPages } = await extractText(document, { mergePages: false });
  if (text.every((page) => page.trim() === ""))
    throw new Error(`It is a PDF of ${totalPages} pages without text; they are probably scans.`);
  const { info } = await getMeta(document);
  const title: unknown = info["Title"];
  const pages = text.map((page, index) => `[page ${index + 1} of ${totalPages}]\n${page.trim()}`);
  return { title: typeof title === "string" ? title : "", text: pages.join("\n\n") };
}
