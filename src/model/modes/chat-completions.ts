import { wholeAsChunk, type WireChunk } from "../answer.ts";
import { toWire } from "../wire.ts";
import type { Mode } from "./mode.ts";

/** POST /chat/completions: what every local server speaks best. */
export const chatCompletions: Mode = {
  path: "/chat/completions",
  body: toWire,
  reader: () => ({
    // Boundary: JSON from the server. A chunk's every part may be missing, and is read so.
    event: (json) => json as WireChunk,
    whole: wholeAsChunk,
  }),
};
