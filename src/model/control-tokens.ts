/** Words that stand alone between angle brackets in some family's template or vocabulary, with an optional slash. */
const tagWords = [
  // Hermes, Qwen, GLM, Granite 4, MiniMax M1, Hunyuan, Olmo 3, Ling
  "tool_call tool_calls tool_response tool_responses tool_sep tools functions function_calls role",
  "think thinking scratch_pad arg_key arg_value sop eop",
  // Hermes 3's own
  "SCRATCHPAD REASONING INNER_MONOLOGUE PLAN EXECUTION REFLECTION THINKING SOLUTION EXPLANATION UNIT_TEST",
  // Llama 2, Mistral, Gemma, Command R, Yuan, and what SentencePiece adds
  "s bos eos pad unk mask sep eod BOS_TOKEN EOS_TOKEN EOP_TOKEN",
  // Gemma and FunctionGemma, SmolVLM
  String.raw`(?:start|end)_of_(?:turn|image|audio|utterance) escape image_soft_token audio_soft_token`,
  String.raw`(?:start|end)_function_(?:call|response|declaration)`,
  // MiniMax, Seed, Muse; MiniMax's own ends of text
  String.raw`(?:minimax|mm|seed|atem):\w{1,40} (?:beginning|end)_of_(?:sentence|document)`,
  // Nemotron, MiniCPM, TeleChat
  "TOOLCALL AVAILABLE_TOOLS TOOL_RESPONSE 用户 AI _user _bot _system _start _end",
  // Filling in the middle: Code Llama, StarCoder
  "PRE SUF MID EOT fim[_-](?:prefix|middle|suffix|pad)",
  // Places of pictures: a server that finds more of them than pictures refuses the request
  "image IMG_CONTEXT __media__ fake_token_around_image",
  // Numbered spares: Gemma, Baichuan, Nemotron
  String.raw`(?:unused_?|reserved_|SPECIAL_|extra_id_)\d{1,5}`,
].flatMap((line) => line.split(" "));

/** Words that stand alone between square brackets: Mistral's, GLM's, Kimi's, LM Studio's. */
const bracketWords = [
  "INST TOOL_CALLS TOOL_RESULTS TOOL_CONTENT AVAILABLE_TOOLS SYSTEM_PROMPT MODEL_SETTINGS CALL_ID ARGS THINK",
  "IMG IMG_END IMG_BREAK AUDIO BEGIN_AUDIO TRANSCRIBE PREFIX MIDDLE SUFFIX",
  "BOS EOS EOT SEP MASK gMASK sMASK start_header_id end_header_id @BOS@ TOOL_CALL TOOL_REQUEST END_TOOL_REQUEST",
].flatMap((line) => line.split(" "));

/**
 * What makes a control token, as the character that opens it and what must follow. Only what a tokeniser takes for one token, or a
 * template for its own: `<function=` and `<parameter name=` of the text forms are plain text to every tokeniser. All lengths are bound,
 * so that hostile text costs no more than other. `｜` is DeepSeek's full-width bar.
 */
export const tokenForms: readonly { readonly open: string; readonly rest: string }[] = [
  // `<|im_start|>` and all that look like it; also `</|DSML|…>`'s and Gemma 4's `<|turn>`, `<turn|>`, `<|"|>`
  { open: "<", rest: String.raw`\/?[|｜][^\s<>[\]]{1,60}[|｜]>` },
  { open: "<", rest: String.raw`\|[\w:/]{1,40}>` },
  { open: "<", rest: String.raw`[\w:/]{1,40}\|>` },
  { open: "<", rest: String.raw`\/?(?:${tagWords.join("|")})>` },
  { open: "<", rest: String.raw`<\/?SYS>>` },
  { open: String.raw`\[`, rest: String.raw`\/?(?:${bracketWords.join("|")})\]` },
  // EXAONE's `[|user|]`
  { open: String.raw`\[`, rest: String.raw`\|[^\s[\]]{1,40}\|\]` },
  // DeepSeek V3.2's word within its tags
  { open: "｜", rest: "DSML｜" },
  // Kimi-VL
  { open: "◁", rest: String.raw`\/?think▷` },
  // MiniMax: `]~b]`, `]~!b[`, `[e~[`, `]!p~[`, `]<]minimax[>[`
  { open: String.raw`\[`, rest: String.raw`e~\[` },
  { open: String.raw`\]`, rest: String.raw`(?:~b\]|~!b\[|![pd]~\[|<\][\w ]{1,30}\[>\[)` },
];

/** Text without any of these characters holds no control token. */
export const opening = /[<[\]｜◁]/;
