import type { Log } from "../../src/core/log.ts";
import { createThread } from "./thread.ts";

/** Whose messages a thread renders. */
export type Form = "telegram" | "discord" | "slack";

export interface Aside<Chunk> {
  /** What `render` makes of it, without holding up the event loop for a long text. */
  chunks(markdown: string): Promise<readonly Chunk[]>;
  stop(): Promise<void>;
}

/** Measured on two cores: 8,000 typical characters take 10 to 40 ms; 100,000 take 0.5 to 1 s, in which no chat would stream. */
const inlineChars = 8_000;
/** Well below a delivery's lease (20 s). */
const threadMs = 10_000;
/** No fence of an answer is so long. */
const fence = "~".repeat(12);

/** Renders long answers in a thread. What it can't render is shown as it was written. */
export function createAside<Chunk>(form: Form, render: (markdown: string) => readonly Chunk[], log: Log): Aside<Chunk> {
  const thread = createThread<string, readonly Chunk[]>({
    file: new URL("./aside-thread.ts", import.meta.url),
    data: form,
    threadMs,
    instead: (markdown) => render(`${fence}\n${markdown}\n${fence}`),
    log,
  });
  return {
    chunks: async (markdown) => (markdown.length <= inlineChars ? render(markdown) : await thread.ask(markdown)),
    stop: thread.stop,
  };
}
