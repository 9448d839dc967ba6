import { Failure } from "../core/failures.ts";

/** The failure `model.overlong` with the server's numbers when that is what its words mean, else null. */
export function overlong(text: string): Failure | null {
  for (const { pattern, read } of forms) {
    const found = pattern.exec(text);
    if (found) return tooLong(read(found));
  }
  return null;
}

interface Sizes {
  readonly prompt: number | null;
  readonly window: number | null;
}

/** Each server's way to say it; figures may be written with commas. */
const forms: readonly { readonly pattern: RegExp; readonly read: (found: RegExpExecArray) => Sizes }[] = [
  // llama-server
  {
    pattern: /request \(([\d,]+) tokens?\) exceeds the available context size \(([\d,]+)/i,
    read: ([, prompt, window]) => sizes(prompt, window),
  },
  // vLLM; its count of input tokens is a lower bound when it says "at least"
  {
    pattern:
      /maximum context length is ([\d,]+) tokens[\s\S]*?(?:at least |contains |messages resulted in |requested )([\d,]+) (?:input )?tokens/i,
    read: ([, window, prompt]) => sizes(prompt, window),
  },
  {
    pattern: /input \(([\d,]+) tokens\) is longer than the model's context length \(([\d,]+)/i,
    read: ([, prompt, window]) => sizes(prompt, window),
  },
  { pattern: /exceeds? the (?:model's )?maximum context length of ([\d,]+)/i, read: ([, window]) => sizes(undefined, window) },
  // LM Studio
  {
    pattern: /keep the first ([\d,]+) tokens when[\s\S]*?context length of only ([\d,]+)/i,
    read: ([, prompt, window]) => sizes(prompt, window),
  },
  // Ollama, when its silent cut took the question itself
  { pattern: /no user query found in messages/i, read: () => sizes(undefined, undefined) },
  {
    pattern: /context[ _](?:length|size|window)[ _]?(?:is )?exceeded|exceed_context_size/i,
    read: () => sizes(undefined, undefined),
  },
];

function sizes(prompt: string | undefined, window: string | undefined): Sizes {
  return { prompt: count(prompt), window: count(window) };
}

function count(text: string | undefined): number | null {
  return text === undefined ? null : Number(text.replaceAll(",", ""));
}

function tooLong({ prompt, window }: Sizes): Failure {
  const length = prompt === null ? "is too long for the model's window" : `has ${prompt} tokens, too many for the model's window`;
  const advice = "Send /new to begin a fresh conversation, or give the model server a larger context.";
  return new Failure("model.overlong", `the conversation ${length}${window === null ? "" : ` of ${window} tokens`}`, { advice });
}
