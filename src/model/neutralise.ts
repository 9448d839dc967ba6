/**
 * Model servers tokenise the rendered chat with special tokens on, so `<|im_end|>` in somebody's message would really end it and could
 * open a system turn. A zero-width space after the bracket keeps such text plain (checked on llama-server, September 2026). It depends
 * on nothing but the text, so that equal prompts stay equal.
 */
export function neutralise(text: string): string {
  const whole = text.toWellFormed(); // half a surrogate pair makes llama-server refuse the whole request
  if (!whole.includes("<") && !whole.includes("[")) return whole;
  return whole.replace(controlToken, "$&\u200b");
}

/** Words that stand alone between angle brackets in some family's template, with an optional slash. */
const tagWords = [
  "tool_call",
  "tool_calls",
  "tool_response",
  "tools",
  "think",
  "thinking",
  "scratch_pad",
  "start_of_turn",
  "end_of_turn",
  "start_of_image",
  "end_of_image",
  "start_function_call",
  "end_function_call",
  "start_function_response",
  "end_function_response",
  "start_function_declaration",
  "end_function_declaration",
  "escape",
  "minimax:tool_call",
  "arg_key",
  "arg_value",
  "bos",
  "eos",
  "pad",
  "unk",
  "mask",
  "s",
  "unused\\d+",
];

/** Words that stand alone between square brackets: Mistral's and Gemma's. */
const bracketWords = [
  "INST",
  "TOOL_CALLS",
  "TOOL_RESULTS",
  "TOOL_CONTENT",
  "AVAILABLE_TOOLS",
  "SYSTEM_PROMPT",
  "CALL_ID",
  "ARGS",
  "THINK",
  "IMG",
  "IMG_END",
  "IMG_BREAK",
  "BOS",
  "EOS",
  "gMASK",
  "TOOL_REQUEST",
  "END_TOOL_REQUEST",
];

/** The bracket that opens a control token; what follows is only looked at. `｜` is DeepSeek's full-width bar. */
const controlToken = new RegExp(
  [
    String.raw`<(?=\|[^<>\n]{1,60}\|?>)`,
    String.raw`<(?=[\w:]{1,40}\|>)`,
    String.raw`<(?=｜[^<>\n]{1,60}｜>)`,
    String.raw`<(?=/?(?:${tagWords.join("|")})>)`,
    String.raw`<(?=/?(?:function|parameter|invoke)[= >])`,
    String.raw`<(?=</?SYS>>)`,
    String.raw`\[(?=/?(?:${bracketWords.join("|")})\])`,
  ].join("|"),
  "g",
);
