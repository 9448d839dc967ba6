import { Failure, type PromptSizes } from "../core/failures.ts";

/** The failure `model.overlong` with the server's numbers when that is what its words mean, else null. */
export function overlong(text: string): Failure | null {
  for (const { pattern, read } of forms) {
    const found = pattern.exec(text);
    if (found) return tooLong(sizesOf(read(found)));
  }
  return null;
}

/** What a message says, as it is written there. */
interface Said {
  readonly prompt?: string | undefined;
  readonly window?: string | undefined;
  /** The answer's length as it was asked for. */
  readonly output?: string | undefined;
  /** The prompt's number is a lower bound. */
  readonly atLeast?: boolean;
}

/** Each server's way to say it; figures may be written with commas. */
const forms: readonly { readonly pattern: RegExp; readonly read: (found: RegExpExecArray) => Said }[] = [
  // llama-server
  {
    pattern: /request \(([\d,]+) tokens?\) exceeds the available context size \(([\d,]+)/i,
    read: ([, prompt, window]) => ({ prompt, window }),
  },
  // vLLM; its count of input tokens is only what does not fit beside the output when it says "at least"
  {
    pattern:
      /maximum context length is ([\d,]+) tokens[\s\S]*?requested ([\d,]+) output tokens[\s\S]*?contains (at least )?([\d,]+) input tokens/i,
    read: ([, window, output, atLeast, prompt]) => ({ prompt, window, output, atLeast: atLeast !== undefined }),
  },
  // OpenAI and older vLLM
  {
    pattern:
      /maximum context length is ([\d,]+) tokens[\s\S]*?\(([\d,]+) in the (?:messages|prompt)[^)]*?([\d,]+) in the completion/i,
    read: ([, window, prompt, output]) => ({ prompt, window, output }),
  },
  {
    pattern:
      /maximum context length is ([\d,]+) tokens[\s\S]*?(?:at least |contains |messages resulted in |requested )([\d,]+) (?:input )?tokens/i,
    read: ([, window, prompt]) => ({ prompt, window }),
  },
  // vLLM, when the wish alone is larger than the window
  {
    pattern:
      /max_(?:completion_)?tokens(?:'|`|"| )[\s\S]*?too large: ([\d,]+)[\s\S]*?context length is ([\d,]+)[\s\S]*?has ([\d,]+) input/i,
    read: ([, output, window, prompt]) => ({ prompt, window, output }),
  },
  // Anthropic
  { pattern: /prompt is too long: ([\d,]+) tokens > ([\d,]+)/i, read: ([, prompt, window]) => ({ prompt, window }) },
  {
    pattern: /input length and `?max_tokens`? exceed context limit: ([\d,]+) \+ ([\d,]+) > ([\d,]+)/i,
    read: ([, prompt, output, window]) => ({ prompt, window, output }),
  },
  // SGLang
  {
    pattern: /input \(([\d,]+) tokens\) is longer than the model's context length \(([\d,]+)/i,
    read: ([, prompt, window]) => ({ prompt, window }),
  },
  {
    pattern:
      /exceeds? the (?:model's )?maximum context length of ([\d,]+)[\s\S]*?([\d,]+) tokens from the input[\s\S]*?([\d,]+) tokens for the completion/i,
    read: ([, window, prompt, output]) => ({ prompt, window, output }),
  },
  { pattern: /exceeds? the (?:model's )?maximum context length of ([\d,]+)/i, read: ([, window]) => ({ window }) },
  // LM Studio
  {
    pattern: /keep the first ([\d,]+) tokens when[\s\S]*?context length of only ([\d,]+)/i,
    read: ([, prompt, window]) => ({ prompt, window }),
  },
  // Ollama, when its silent cut took the question itself
  { pattern: /no user query found in messages/i, read: () => ({}) },
  { pattern: /context[ _](?:length|size|window)[ _]?(?:is )?exceeded|exceed_context_size/i, read: () => ({}) },
];

/** Of a window, a wish for an answer that takes this part may be all that is wrong where the prompt's real length is not told. */
const largeWish = 1 / 4;

function sizesOf({ prompt, window, output, atLeast = false }: Said): PromptSizes {
  const [told, room, wish] = [count(prompt), count(window), count(output)];
  const promptTokens = atLeast && told !== null && room !== null && told <= room ? null : told;
  if (wish === null || room === null) return { promptTokens, window: room, outputIsTheTrouble: false };
  const outputIsTheTrouble = promptTokens === null ? wish >= room * largeWish : promptTokens < room;
  return { promptTokens, window: room, outputIsTheTrouble };
}

function count(text: string | undefined): number | null {
  return text === undefined ? null : Number(text.replaceAll(",", ""));
}

function tooLong(sizes: PromptSizes): Failure {
  const { promptTokens, window, outputIsTheTrouble } = sizes;
  const room = window === null ? "" : ` of ${window} tokens`;
  const length = promptTokens === null ? "is too long for" : `has ${promptTokens} tokens, too many for`;
  const said = outputIsTheTrouble
    ? `the conversation${promptTokens === null ? "" : ` (${promptTokens} tokens)`} leaves too little of the model's window${room} for an answer as long as model.max_tokens allows`
    : `the conversation ${length} the model's window${room}`;
  const advice = outputIsTheTrouble
    ? "Lower model.max_tokens, or give the model server a larger context."
    : "Send /new to begin a fresh conversation, or give the model server a larger context.";
  return new Failure("model.overlong", said, { advice, sizes, ...(outputIsTheTrouble ? { about: { say: "answer_room" } } : {}) });
}
