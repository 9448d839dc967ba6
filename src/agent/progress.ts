import { redact } from "../core/redact.ts";

/** A line that is longer is shown as far as it has come. */
const longestLine = 4_096;
/** Private keys are shorter; of what is longer and never ends, no more is kept. */
const longestKey = 64 * 1_024;
const openKey = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?![\s\S]*-----END )/;

/** Shows what a call prints as it comes, without secrets: by whole lines and whole keys, since half a secret is not known as one. */
export function progressWithoutSecrets(show: (text: string) => void): (chunk: string) => void {
  let held = "";
  return (chunk) => {
    held += chunk;
    const end = safeEnd(held);
    const ready = held.slice(0, end);
    held = held.slice(end);
    if (held.length > longestKey) held = held.slice(0, longestLine);
    if (ready !== "") show(redact(ready));
  };
}

/** How much of the text no later piece can make a secret of. */
function safeEnd(text: string): number {
  const lines = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
  const key = text.search(openKey);
  const end = text.length - lines > longestLine ? text.length : lines;
  return key < 0 ? end : Math.min(end, key);
}
