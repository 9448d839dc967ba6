import { createInterface, emitKeypressEvents } from "node:readline";
import type { Key } from "./editor.ts";

/** What comes from the keyboard: a key, or text that was pasted as one. */
export interface Keys {
  key(typed: string | undefined, key: Key): void;
  paste(text: string): void;
  /** Nothing more will come. */
  end(): void;
}

export interface KeyboardInput extends NodeJS.ReadableStream {
  setRawMode?(raw: boolean): unknown;
}

/** Listens to a terminal's keys, key by key; gives the way to stop, which leaves the terminal as it was. */
export function listenToKeys(input: KeyboardInput, write: (text: string) => unknown, keys: Keys): () => void {
  let pasted: string[] | null = null;
  const onKey = (typed: string | undefined, key: Key) => {
    if (key.name === "paste-start") pasted = [];
    else if (key.name === "paste-end") {
      const text = (pasted ?? []).join("").replaceAll(/\r\n?/g, "\n");
      pasted = null;
      if (text !== "") keys.paste(text);
    } else if (pasted !== null) pasted.push(key.sequence ?? typed ?? "");
    else keys.key(typed, key);
  };
  emitKeypressEvents(input);
  input.setRawMode?.(true);
  input.on("keypress", onKey).on("end", keys.end);
  input.resume();
  // A paste comes marked as such.
  write("\u001b[?2004h");
  return () => {
    write("\u001b[?2004l");
    input.removeListener("keypress", onKey).removeListener("end", keys.end);
    input.setRawMode?.(false);
    input.pause();
  };
}

/** Listens to a terminal that knows no keys: a line is a message. */
export function listenToLines(
  input: NodeJS.ReadableStream,
  heard: { line(text: string): void; interrupt(): void; end(): void },
): () => void {
  const lines = createInterface({ input, terminal: false });
  lines.on("line", heard.line).on("close", heard.end);
  process.on("SIGINT", heard.interrupt);
  return () => {
    process.removeListener("SIGINT", heard.interrupt);
    lines.close();
  };
}
