import { wholeAsChunk, type WireChunk } from "../answer.ts";
import { toWire } from "../wire.ts";
import type { Mode } from "./mode.ts";

/** POST /chat/completions: what every local server speaks best. */
export const chatCompletions: Mode = {
  path: "/chat/completions",
  body: toWire,
  reader: () => ({
    // JSON from the server: a chunk's every part may be missing, and is read so.
    event: (json): WireChunk => json,
    whole: wholeAsChunk,
  }),
};
