import { type CorpusCase, ls, notes, says } from "./case.ts";

/** DeepSeek's full-width tokens and its DSML. */
export const deepSeek: readonly CorpusCase[] = [
  {
    id: "v3",
    source: "DeepSeek R1 and V3: type, name, fenced JSON",
    chunks: says(
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>terminal\n```json\n{"command": "ls -la"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "v3.1",
    source: "xorbitsai/inference#4611: V3.1",
    chunks: says(
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>terminal<｜tool▁sep｜>{"command": "ls -la"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>read_file<｜tool▁sep｜>{"path": "notes.txt"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "underscores",
    source: "R1 distills: underscores for the blocks",
    chunks: says(
      '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜>terminal\n```json\n{"command": "ls -la"}\n```<｜tool_call_end｜><｜tool_calls_end｜>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "no-section",
    source: "DeepSeek V3.1: a call without its section",
    chunks: says('<｜tool▁call▁begin｜>terminal<｜tool▁sep｜>{"command": "ls -la"}<｜tool▁call▁end｜>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "no-end",
    source: "DeepSeek V3: the last tokens missing",
    chunks: says('<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>terminal<｜tool▁sep｜>{"command": "ls -la"}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "dsml",
    source: "cline#13348 and hermes-agent#27834: DSML in the content",
    chunks: says(
      '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="terminal">\n<｜DSML｜parameter name="command" string="true">ls -la</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "dsml-ascii",
    source: "cline#13348: DSML with plain bars",
    chunks: says(
      '<|DSML|tool_calls>\n<|DSML|invoke name="read_file">\n<|DSML|parameter name="path" string="true">notes.txt</|DSML|parameter>\n<|DSML|parameter name="limit" string="false">20</|DSML|parameter>\n</|DSML|invoke>\n</|DSML|tool_calls>',
    ),
    runs: [["read_file", { path: "notes.txt", limit: 20 }]],
    shown: "",
  },
];

/** Kimi's sections. */
export const kimi: readonly CorpusCase[] = [
  {
    id: "k2",
    source: "hermes-agent#24534: K2's tokens in the content",
    chunks: says(
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.terminal:0<|tool_call_argument_begin|>{"command": "ls -la"}<|tool_call_end|><|tool_call_begin|>functions.read_file:1<|tool_call_argument_begin|>{"path": "notes.txt"}<|tool_call_end|><|tool_calls_section_end|>',
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "words-in-section",
    source: "vllm PR#28543: words between section and call",
    chunks: says(
      'On it. <|tool_calls_section_begin|> now: <|tool_call_begin|>functions.terminal:0<|tool_call_argument_begin|>{"command": "ls -la"}<|tool_call_end|><|tool_calls_section_end|>',
    ),
    runs: [ls],
    shown: "On it.",
  },
  {
    id: "no-section",
    source: "Kimi K2 on llama.cpp: a call without its section",
    chunks: says('<|tool_call_begin|>functions.terminal:0<|tool_call_argument_begin|>{"command": "ls -la"}<|tool_call_end|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "no-beginning",
    source: "typeclaw PR#344: the beginning swallowed by the server",
    chunks: says('<|tool_call_argument_begin|>{"text": "hello"}<|tool_calls_section_end|>'),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "k3",
    source: "oh-my-pi#8495: K3's markup",
    chunks: says(
      '<|open|>tools<|sep|><|open|>call tool="terminal" index="1"<|sep|><|open|>argument key="command" type="string"<|sep|>ls -la<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "k3-half-stripped",
    source: "oh-my-pi#8495: K3's markup with some tokens gone",
    chunks: says(
      '<|open|>toolscall tool="read_file" index="1"<|sep|><|open|>argument key="path" type="string"<|sep|>notes.txtargument<|sep|><|close|>call<|sep|><|close|>toolsmessage<|sep|>',
    ),
    runs: [notes],
    shown: "",
  },
];

/** gpt-oss' channels. */
export const gptOss: readonly CorpusCase[] = [
  {
    id: "call",
    source: "mlxcel#654: channels in the content",
    chunks: says(
      '<|channel|>analysis<|message|>I should list them.<|end|><|start|>assistant<|channel|>commentary to=functions.terminal <|constrain|>json<|message|>{"command": "ls -la"}<|call|>',
    ),
    runs: [ls],
    shown: "",
    thought: "I should list them.",
  },
  {
    id: "recipient-first",
    source: "gpt-oss' template: the recipient in the role",
    chunks: says('<|start|>assistant to=functions.terminal<|channel|>commentary json<|message|>{"command": "ls -la"}<|call|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "final",
    source: "macprovider#743: analysis and final",
    chunks: says("<|channel|>analysis<|message|>Simple.<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>"),
    runs: [],
    shown: "Hello!",
    thought: "Simple.",
  },
  {
    id: "preamble",
    source: "gpt-oss-120b: a preamble for the person, then a call",
    chunks: says(
      '<|channel|>commentary<|message|>I look it up.<|end|><|start|>assistant<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>{"path": "notes.txt"}',
    ),
    runs: [notes],
    shown: "I look it up.",
  },
  {
    id: "tokens-stripped",
    source: "Rapid-MLX#480: tokens gone, words left",
    chunks: says('commentary to=functions.terminal json{"command": "ls -la"}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "noise-before-object",
    source: "livekit/agents-js#1632: noise between name and object",
    chunks: says('to=functions.terminal  天天中彩票能json\n {"command": "ls -la"}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "stranger",
    source: "gpt-oss calls a built-in tool that we don't have",
    chunks: says('<|channel|>commentary to=browser.search<|message|>{"query": "x"}<|call|>'),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "lone-tokens",
    source: "TensorRT-LLM#9256: end tokens in the content",
    chunks: says("The answer is 4.<|end|>"),
    runs: [],
    shown: "The answer is 4.",
  },
];
