import { StringDecoder } from "node:string_decoder";

/** Progress is for the eye: after this many bytes of one command no more of it is shown. */
const progressBytes = 8 * 1024;

/** Feeds the first kilobytes of a command's output to `onOutput`, never splitting a character. */
export function progressFeed(onOutput: ((chunk: string) => void) | undefined): (chunk: Buffer) => void {
  if (onOutput === undefined) return () => undefined;
  const decoder = new StringDecoder("utf8");
  let left = progressBytes;
  return (chunk) => {
    if (left <= 0) return;
    const text = decoder.write(chunk.subarray(0, left)).replaceAll("\0", "\uFFFD");
    left -= chunk.length;
    if (text !== "") onOutput(text);
  };
}
