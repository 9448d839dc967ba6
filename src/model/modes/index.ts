import type { ApiMode } from "../settings.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { chatCompletions } from "./chat-completions.ts";
import type { Mode } from "./mode.ts";
import { responses } from "./responses.ts";

/** ONE LINE A MODE. */
export const modes: Readonly<Record<ApiMode, Mode>> = {
  chat_completions: chatCompletions,
  responses,
  anthropic_messages: anthropicMessages,
};
