import { oneOf } from "./kinds.ts";

/** How a server is spoken to; the original's spellings are read too. */
export const apiMode = oneOf(["auto", "chat_completions", "responses", "anthropic_messages"], {
  "auto-detect": "auto",
  auto_detect: "auto",
  codex_responses: "responses",
});
