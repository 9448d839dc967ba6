import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { type Seen, status, type Step } from "./model-server.ts";

/** Tokens of a request, counted as a server counts: all of tools and messages. */
export function tokensOf({ body }: Seen): number {
  return encode(JSON.stringify([body.tools ?? [], body.messages]), { allowedSpecial: "all" }).length;
}

/** Whether this is a request for a summary, in place or apart. */
export function isSummary({ body }: Seen): boolean {
  const last = String(body.messages.at(-1)?.content ?? "");
  return last.startsWith("[The conversation above is about to be shortened") || last.includes("<transcript>");
}

/** The step with the usage that the request really has. */
function honest(seen: Seen, step: Step, tokens = tokensOf(seen)): Step {
  if (step.kind !== "stream") return step;
  const frames = step.frames.map((frame) => String(frame).replace('"prompt_tokens":9', `"prompt_tokens":${tokens}`));
  return { ...step, frames };
}

/** As a llama-server with such a window: refuses what is longer, and counts what is not. */
export function within(window: number, seen: Seen, step: () => Step): Step {
  const tokens = tokensOf(seen);
  if (tokens <= window) return honest(seen, step());
  const message = `request (${tokens} tokens) exceeds the available context size (${window} tokens), try increasing it`;
  const error = { code: 400, message, type: "exceed_context_size_error", n_prompt_tokens: tokens, n_ctx: window };
  return status(400, { error });
}

/** As a vLLM with such a window: prompt and wished answer must fit together, and a refusal tells only the least that the prompt has. */
export function reserving(window: number, seen: Seen, step: () => Step): Step {
  const [tokens, wish] = [tokensOf(seen), seen.body.max_tokens ?? 0];
  if (tokens + wish <= window) return honest(seen, step());
  const least = Math.max(0, window - wish) + 1;
  const message = `This model's maximum context length is ${window} tokens. However, you requested ${wish} output tokens and your prompt contains at least ${least} input tokens, for a total of at least ${wish + least} tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=${least})`;
  return status(400, { error: { message, type: "BadRequestError", param: "input_tokens", code: 400 } });
}

/** As an Ollama with such a window: reads no more than that of a prompt, and says nothing about it. */
export function cutting(window: number, seen: Seen, step: () => Step): Step {
  return honest(seen, step(), Math.min(window, tokensOf(seen)));
}
