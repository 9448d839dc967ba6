import { type CorpusCase, ls, notes, says } from "./case.ts";

/** Families with a form of their own. */
export const others: readonly CorpusCase[] = [
  {
    id: "minimax",
    source: "MiniMax-M2.5#10, openclaw#41839: invoke tags",
    chunks: says(
      '<minimax:tool_call>\n  <invoke name="terminal">\n    <parameter name="command">ls -la</parameter>\n  </invoke>\n</minimax:tool_call>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "minimax-two",
    source: "earendil-works/pi#368: two invokes in one",
    chunks: says(
      '<minimax:tool_call>\n<invoke name="terminal">\n<parameter name="command">ls -la</parameter>\n</invoke>\n<invoke name="read_file">\n<parameter name="path">notes.txt</parameter>\n</invoke>\n</minimax:tool_call>',
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "invoke-alone",
    source: "hermes-agent#27834: invoke without its outer tag",
    chunks: says('Checking.\n<invoke name="terminal">\n<parameter name="command">ls -la</parameter>\n</invoke>'),
    runs: [ls],
    shown: "Checking.",
  },
  {
    id: "minimax-m3",
    source: "mlx-lm PR#1416: M3's marks before each tag",
    chunks: says(
      'I check.]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name="read_file">\n]<]minimax[>[<path>notes.txt]<]minimax[>[</path>\n]<]minimax[>[<limit>20]<]minimax[>[</limit>\n]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>',
    ),
    runs: [["read_file", { path: "notes.txt", limit: 20 }]],
    shown: "I check.",
  },
  {
    id: "arrows",
    source: "hermes-agent#35935: [TOOL_CALL] with arrows",
    chunks: says('[TOOL_CALL]\n{tool => "terminal", args => {\n  --command "ls -la"\n}}\n[/TOOL_CALL]'),
    runs: [ls],
    shown: "",
  },
  {
    id: "told",
    source: "hermes-studio#942: a call told in brackets",
    chunks: says('[Calling tool: terminal with arguments: {"command": "ls -la"}]'),
    runs: [ls],
    shown: "",
  },
  {
    id: "anthropic-outer",
    source: "Claude-trained models: function_calls",
    chunks: says(
      '<function_calls>\n<invoke name="terminal">\n<parameter name="command">ls -la</parameter>\n</invoke>\n</function_calls>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "lfm2",
    source: "LFM2: pythonic between tokens",
    chunks: says('<|tool_call_start|>[terminal(command="ls -la")]<|tool_call_end|>Running it.'),
    runs: [ls],
    shown: "Running it.",
  },
  {
    id: "lfm2-types",
    source: "LFM2.5: numbers and quotes",
    chunks: says('<|tool_call_start|>[read_file(path="it\'s.txt", limit=20)]<|tool_call_end|>'),
    runs: [["read_file", { path: "it's.txt", limit: 20 }]],
    shown: "",
  },
  {
    id: "function-gemma",
    source: "FunctionGemma",
    chunks: says("<start_function_call>call:terminal{command:<escape>ls -la<escape>}<end_function_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "gemma-4",
    source: "hermes-agent#38376: Gemma 4 over vLLM",
    chunks: says('<|tool_call>call:terminal{command:<|"|>ls -la<|"|>}<tool_call|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "gemma-4-plain-quotes",
    source: "ggml-org/llama.cpp#25072: Gemma 4 with plain quotes",
    chunks: says('<|tool_call>call:read_file{path:"notes.txt",limit:20}<tool_call|>'),
    runs: [["read_file", { path: "notes.txt", limit: 20 }]],
    shown: "",
  },
  {
    id: "lm-studio",
    source: "LM Studio's default form, leaked",
    chunks: says('[TOOL_REQUEST]{"name": "terminal", "arguments": {"command": "ls -la"}}[END_TOOL_REQUEST]'),
    runs: [ls],
    shown: "",
  },
  {
    id: "command-r7b",
    source: "Command R7B's actions",
    chunks: says(
      '<|START_THINKING|>I list them.<|END_THINKING|><|START_ACTION|>[{"tool_call_id": "0", "tool_name": "terminal", "parameters": {"command": "ls -la"}}]<|END_ACTION|>',
    ),
    runs: [ls],
    shown: "",
    thought: "I list them.",
  },
  {
    id: "granite",
    source: "Granite 3.3's token and list",
    chunks: says('<|tool_call|>[{"name": "terminal", "arguments": {"command": "ls -la"}}]'),
    runs: [ls],
    shown: "",
  },
  {
    id: "nemotron",
    source: "Nemotron Nano's TOOLCALL",
    chunks: says('<TOOLCALL>[{"name": "terminal", "arguments": {"command": "ls -la"}}]</TOOLCALL>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "apertus",
    source: "Apertus: the tool's name as key",
    chunks: says('<|tools_prefix|>[{"terminal": {"command": "ls -la"}}]<|tools_suffix|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "solar",
    source: "Solar Open's tokens",
    chunks: says(
      '<|tool_calls|><|tool_call:begin|>x1<|tool_call:name|>terminal<|tool_call:args|>{"command": "ls -la"}<|tool_call:end|><|calls|>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "minicpm",
    source: "MiniCPM: named tags and CDATA",
    chunks: says('<function name="terminal"><param name="command"><![CDATA[ls -la]]></param></function>'),
    runs: [ls],
    shown: "",
  },
];
