import type { Model } from "../../core/model.ts";

/** Words that are one special token each in some common family; the template's own are asked about beside them. */
const known = [
  "<|im_start|>",
  "<|im_end|>",
  "<|eot_id|>",
  "<|start_header_id|>",
  "<|endoftext|>",
  "</s>",
  "[INST]",
  "<start_of_turn>",
];
const mostWords = 16;

/**
 * Which special words a message could still smuggle into the prompt as one token: none, when our breaking of them works with this
 * model's tokeniser. Null: the server does not count tokens.
 */
export async function probeInjection(
  model: Model,
  words: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  const count = async (content: string): Promise<number | null> =>
    await model.count({ messages: [{ role: "user", content }], tools: [], toolChoice: "auto" }, signal);
  const letter = await count("a");
  if (letter === null) return null;
  const asked = [...new Set([...words, ...known])].slice(0, mostWords);
  const counts = await Promise.all(asked.map(async (word) => ({ word, tokens: await count(word) })));
  // As many tokens as a single letter: it went through whole.
  return counts.filter(({ tokens }) => tokens !== null && tokens <= letter).map(({ word }) => word);
}
