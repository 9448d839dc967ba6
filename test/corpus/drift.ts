import { calls, type CorpusCase, ends, ls, notes, piece, says, sends } from "./case.ts";

const good = '<tool_call>\n{"name": "terminal", "arguments": {"command": "ls -la"}}\n</tool_call>';
const run = (id: string, source: string, text: string, shown = "", runs: CorpusCase["runs"] = [ls]): CorpusCase => ({
  id,
  source,
  chunks: says(text),
  runs,
  shown,
});
const refuse = (id: string, source: string, text: string, shown = ""): CorpusCase => ({
  ...run(id, source, text, shown, []),
  told: true,
});

/** Tags that lose a letter, change their word, or are closed by another's. */
export const driftingTags: readonly CorpusCase[] = [
  run(
    "quote-behind-name",
    "xalgorix PR#248: a stray quote",
    '<function=terminal">\n<parameter=command>ls -la</parameter>\n</function>',
  ),
  run(
    "quoted-name",
    "xalgorix PR#248: a name in quotes",
    '<function="terminal">\n<parameter="command">ls -la</parameter>\n</function>',
  ),
  run(
    "open-lost",
    "xalgorix PR#243: the first bracket lost",
    "function=terminal>\n<parameter=command>ls -la</parameter></function>",
  ),
  run("orphan-closes", "QwenLM/qwen-code#10700: only closing tags", "All done.</parameter></invoke>", "All done.", []),
  run(
    "close-cut",
    "colibri PR#505: the closing tag cut",
    "<tool_call>terminal<arg_key>command</arg_key><arg_value>ls -la</arg_value></tool_cal",
  ),
  run(
    "close-cut-json",
    "colibri PR#505: the same behind JSON",
    '<tool_call>{"name": "terminal", "arguments": {"command": "ls -la"}}</tool_c',
  ),
  run(
    "close-is-open",
    "Qwen2.5 3B: an opening tag where the closing one should be",
    '<tool_call>{"name": "terminal", "arguments": {"command": "ls -la"}}<tool_call>',
  ),
  run("glued-json", "Llama 3.3 on Groq: the bracket behind the name lost", '<function=terminal{"command": "ls -la"}</function>'),
  run("equals-json", "Llama 3.3 on Groq: an equals sign for the bracket", '<function=terminal={"command": "ls -la"}></function>'),
  run("json-in-tag", "Llama 3.3 on Groq: the arguments within the tag", '<function=terminal {"command": "ls -la"}></function>'),
  run("round-brackets", "Llama 3.1 8B: round brackets", '<function=terminal({"command": "ls -la"})</function>'),
  run(
    "tools-tag",
    "Qwen2.5-Coder: <tools> for <tool_call>",
    '<tools>\n{"name": "terminal", "arguments": {"command": "ls -la"}}\n</tools>',
  ),
  run(
    "toolcall-tag",
    "picoclaw PR#2104: the tool's name as a tag",
    '<toolcall><terminal>{"command":"ls -la"}</terminal></toolcall>',
  ),
  run(
    "element",
    "models trained on Cline: the tool and its parameters as tags",
    "<tool_call>\n<read_file>\n<path>notes.txt</path>\n</read_file>\n</tool_call>",
    "",
    [notes],
  ),
  run(
    "parameter-elements",
    "Qwen3-Coder: parameters as tags on lines of their own",
    "<tool_call>\n<function=read_file>\n<path>\nnotes.txt\n</path>\n</function>\n</tool_call>",
    "",
    [notes],
  ),
  run("dashes", "small models: <tool-call>", '<tool-call>{"name": "terminal", "arguments": {"command": "ls -la"}}</tool-call>'),
  run("capitals", "small models: <TOOL_CALL>", '<TOOL_CALL>{"name": "terminal", "arguments": {"command": "ls -la"}}</TOOL_CALL>'),
  run("tool-code", "Gemma 3: <tool_code> with print", '<tool_code>\nprint(default_api.terminal(command="ls -la"))\n</tool_code>'),
  run(
    "python-start",
    "Llama 4: python_start",
    '<|python_start|>{"name": "terminal", "parameters": {"command": "ls -la"}}<|python_end|><|eot|>',
  ),
  run(
    "longcat",
    "LongCat-Flash: tags with its own name",
    "<longcat_tool_call>terminal\n<longcat_arg_key>command</longcat_arg_key>\n<longcat_arg_value>ls -la</longcat_arg_value>\n</longcat_tool_call>",
  ),
  run(
    "step3",
    "vllm#55082: Step 3's invoke within DeepSeek's tokens",
    '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="terminal"><steptml:parameter name="command">ls -la</steptml:parameter></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>',
  ),
  run(
    "functools",
    "Phi 4 mini: functools before the list",
    'functools[{"name": "terminal", "arguments": {"command": "ls -la"}}]',
  ),
  run(
    "internlm-plugin",
    "InternLM 2.5: a plugin's token",
    '<|action_start|><|plugin|>{"name": "terminal", "parameters": {"command": "ls -la"}}<|action_end|>',
  ),
  run("braced-bare", "openclaude PR#380: Gemma 4's form without its tokens", 'call:terminal{command:"ls -la"}'),
  refuse("braced-bare-values", "openclaude PR#380: and without quotes", "call:write_file{content:hello,path:a.txt}"),
  run(
    "kimi-no-end",
    "Kimi K2: no end tokens",
    '<|tool_call_begin|>functions.terminal:0<|tool_call_argument_begin|>{"command": "ls -la"}',
  ),
  run(
    "deepseek-no-fence",
    "DeepSeek V3 on SGLang: no fence",
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>terminal\n{"command": "ls -la"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  ),
  run(
    "end-token-in-parameter",
    "Qwen3-Coder, template's end token not stripped",
    "<function=terminal>\n<parameter=command>\nls -la<|im_end|>",
  ),
  run(
    "glm-parallel",
    "lmstudio-bug-tracker#1528: GLM's calls side by side",
    "<tool_call>terminal<arg_key>command</arg_key><arg_value>ls -la</arg_value></tool_call>\n<tool_call>read_file<arg_key>path</arg_key><arg_value>notes.txt</arg_value></tool_call>",
    "",
    [ls, notes],
  ),
];

/** JSON that is nearly right, with no doubt about what was meant; and keys in other words. */
export const driftingJson: readonly CorpusCase[] = [
  run(
    "double-braces",
    "Hermes 2 Pro: braces doubled as in a Python template",
    '<tool_call>\n{{"name": "terminal", "arguments": {"command": "ls -la"}}}\n</tool_call>',
  ),
  run(
    "python-dict",
    "Hermes 2 Pro: a Python dict",
    "<tool_call>\n{'name': 'terminal', 'arguments': {'command': 'ls -la'}}\n</tool_call>",
  ),
  run(
    "raw-lines",
    "Qwen2.5-Coder: line breaks in a string not escaped",
    '<tool_call>\n{"name": "write_file", "arguments": {"path": "a.py", "content": "def f():\n\treturn 1\n"}}\n</tool_call>',
    "",
    [["write_file", { path: "a.py", content: "def f():\n\treturn 1\n" }]],
  ),
  {
    id: "raw-lines-in-pieces",
    source: "proxies that decode the arguments once too often",
    chunks: calls([
      piece(0, "a", "write_file", '{"path": "a.py", "content": "def f():\n'),
      piece(0, null, null, '\treturn 1\n"}'),
    ]),
    runs: [["write_file", { path: "a.py", content: "def f():\n\treturn 1\n" }]],
    shown: "",
  },
  refuse(
    "strange-escape",
    "small models: a Windows path not escaped",
    '<tool_call>{"name": "write_file", "arguments": {"path": "C:\\Users\\new", "content": "x"}}</tool_call>',
  ),
  run("args", "ollama#18357: args", '<tool_call>\n{"name": "terminal", "args": {"command": "ls -la"}}\n</tool_call>'),
  run("tool-and-params", "hermes-agent#83379: tool and params", '{"tool": "terminal", "params": {"command": "ls -la"}}'),
  run(
    "function-args",
    "small models: function_name and function_args",
    '<tool_call>{"function_name": "terminal", "function_args": {"command": "ls -la"}}</tool_call>',
  ),
  run("mark-before", "Windows proxies: a byte order mark", '\ufeff{"name": "terminal", "arguments": {"command": "ls -la"}}'),
  {
    id: "empty-then-full",
    source: "vllm#47901: a call without arguments before another",
    chunks: says('[{"name": "terminal", "arguments": {}}, {"name": "read_file", "arguments": {"path": "notes.txt"}}]'),
    runs: [notes],
    shown: "",
    told: true,
  },
  refuse(
    "harmony-brace-missing",
    "lmstudio-bug-tracker#942: the last braces missing",
    '<|start|>assistant<|channel|>commentary to=functions.terminal<|constrain|>json<|message|>{"command": "ls -la"',
  ),
  run(
    "objects-without-list",
    "ollama-ai-provider PR#11: two objects in a row",
    '{\n "name": "terminal",\n "arguments": {\n  "command": "ls -la"\n }\n} {\n "name": "read_file",\n "arguments": {\n  "path": "notes.txt"\n }\n}',
    "",
    [ls, notes],
  ),
  run(
    "no-closes",
    "ggml-org/llama.cpp#12153: no closing tags, a brace left over",
    '<tool_call>\n{"name": "terminal", "arguments": {"command": "ls -la"}}\n<tool_call>\n{"name": "read_file", "arguments": {"path": "notes.txt"}}\n</tool_call>\n',
    "",
    [ls, notes],
  ),
];

/** Answers that go on where they should have stopped: results nobody gave, words nobody said. */
export const runOn: readonly CorpusCase[] = [
  run(
    "made-up-result",
    "hermes-agent#83379: a made-up result behind the call",
    `${good}\n<tool_response>\nreport.pdf\n</tool_response>\nThere is one file, report.pdf.`,
  ),
  run(
    "made-up-result-then-call",
    "Qwen-Agent#737: a further call on a made-up result",
    `${good}\n<tool_response>\nnotes.txt\n</tool_response>\n<tool_call>{"name": "terminal", "arguments": {"command": "rm notes.txt"}}</tool_call>`,
  ),
  run(
    "results-tag",
    "claude-code#47055: function_results",
    `<function_calls>\n<invoke name="terminal">\n<parameter name="command">ls -la</parameter>\n</invoke>\n</function_calls>\n<function_results>\nreport.pdf\n</function_results>\nThere it is.`,
  ),
  run(
    "deepseek-outputs",
    "DeepSeek V3: outputs of its own",
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>terminal<｜tool▁sep｜>{"command": "ls -la"}<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>report.pdf<｜tool▁output▁end｜><｜tool▁outputs▁end｜>There it is.',
  ),
  run(
    "mistral-results",
    "Mistral Nemo: results of its own",
    '[TOOL_CALLS][{"name": "terminal", "arguments": {"command": "ls -la"}}][TOOL_RESULTS]report.pdf[/TOOL_RESULTS] There it is.',
  ),
  run(
    "next-turn",
    "Qwen over a server without a stop token: the user's next turn",
    "Four.<|im_end|>\n<|im_start|>user\nAnd five times five?<|im_end|>\n<|im_start|>assistant\nTwenty-five.",
    "Four.",
    [],
  ),
  run(
    "next-turn-after-call",
    "the same behind a call",
    `${good}<|im_end|>\n<|im_start|>user\n<tool_response>\nreport.pdf\n</tool_response><|im_end|>\n<|im_start|>assistant\nThere it is.`,
  ),
  run(
    "llama-turn",
    "Llama 3 over a server without a stop token",
    "Four.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd five?",
    "Four.",
    [],
  ),
  run(
    "gemma-turn",
    "Gemma over a server without a stop token",
    "Four.<end_of_turn>\n<start_of_turn>user\nAnd five?",
    "Four.",
    [],
  ),
];

/** gpt-oss without its tokens, older fields, ids that come twice. */
export const olderServers: readonly CorpusCase[] = [
  {
    ...run(
      "words-left",
      "macprovider#743: only the channels' names are left",
      'analysisWe need to answer "2+2". Easy.assistantfinalFour.',
      "Four.",
      [],
    ),
    thought: 'We need to answer "2+2". Easy.',
  },
  {
    ...run(
      "words-left-then-call",
      "Rapid-MLX#480: the same with a call",
      'analysisI should list them.assistantcommentary to=functions.terminal json{"command": "ls -la"}',
    ),
    thought: "I should list them.",
  },
  run("analysis-word", "an answer that begins with the word", "analysis is done. All fine.", "analysis is done. All fine.", []),
  {
    id: "function-call-field",
    source: "llama-cpp-python, LocalAI: the older field function_call",
    chunks: [
      sends({ function_call: { name: "terminal", arguments: "" } }),
      sends({ function_call: { name: null, arguments: '{"command": "ls -la"}' } }),
      ...ends("function_call"),
    ],
    runs: [ls],
    shown: "",
  },
  {
    id: "both-fields",
    source: "llama-cpp-python: both fields in one chunk",
    chunks: [
      sends({
        function_call: { name: "terminal", arguments: '{"command": "ls -la"}' },
        tool_calls: [piece(0, "a", "terminal", '{"command": "ls -la"}')],
      }),
      ...ends("tool_calls"),
    ],
    runs: [ls],
    shown: "",
  },
  {
    id: "sent-again-at-another-number",
    source: "vllm#51697: the same call, same id, once more at the end",
    chunks: calls([piece(0, "a", "terminal", '{"command": "ls -la"}'), piece(1, "a", "terminal", '{"command": "ls -la"}')]),
    runs: [ls],
    shown: "",
  },
  {
    id: "one-id-two-calls",
    source: "servers that give all calls one id",
    chunks: calls([
      piece(0, "call_1", "terminal", '{"command": "ls -la"}'),
      piece(1, "call_1", "read_file", '{"path": "notes.txt"}'),
    ]),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "opened-twice",
    source: "vllm#51697: an opening brace before the whole",
    chunks: calls([piece(0, "a", "terminal", "{"), piece(0, null, null, '{"command": "ls -la"}')]),
    runs: [ls],
    shown: "",
  },
  {
    id: "nameless-rest",
    source: "sglang#23071: the arguments in a nameless call of their own",
    chunks: calls([
      piece(0, "a", "terminal", ""),
      piece(1, null, null, '{"command": "ls -la"{"command": "ls -la", "timeout": 5}'),
    ]),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "markup-in-arguments",
    source: "vllm#53227: a closing tag within the arguments, and no end",
    chunks: calls([piece(0, "a", "terminal", '{"command": "ls -la 2>&1</｜DSML｜parameter')]),
    runs: [],
    shown: "",
    told: true,
  },
];
