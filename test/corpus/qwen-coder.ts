import { type CorpusCase, ls, notes, says } from "./case.ts";

const good = "<tool_call>\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</function>\n</tool_call>";

/** Qwen Coder's and Qwen 3.5's tags, and Seed's and StepFun's like them. */
export const qwenCoder: readonly CorpusCase[] = [
  { id: "whole", source: "vllm with the hermes parser for Qwen3-Coder (#21544)", chunks: says(good), runs: [ls], shown: "" },
  {
    id: "no-outer",
    source: "ollama PR#17742: outer tag missing, its close there",
    chunks: says("<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</function>\n</tool_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "no-outer-after-words",
    source: "QwenLM/Qwen3-Coder#475: words, then the call without its outer tag",
    chunks: says("I'll list the files.\n\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</function>"),
    runs: [ls],
    shown: "I'll list the files.",
  },
  {
    id: "parameter-closed-twice",
    source: "ggml-org/llama.cpp#24807: duplicate </parameter>",
    chunks: says(
      "<tool_call>\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</parameter>\n</function>\n</tool_call>",
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "parameter-not-closed",
    source: "Qwen3.6-35B: </parameter> missing before the next",
    chunks: says(
      "<tool_call>\n<function=read_file>\n<parameter=path>\nnotes.txt\n<parameter=limit>\n20\n</parameter>\n</function>\n</tool_call>",
    ),
    runs: [["read_file", { path: "notes.txt", limit: 20 }]],
    shown: "",
  },
  {
    id: "function-not-closed",
    source: "Qwen3-Coder 30B: </function> missing",
    chunks: says("<tool_call>\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</tool_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "nothing-closed",
    source: "Qwen3-Coder 30B: all closing tags missing",
    chunks: says("<tool_call>\n<function=terminal>\n<parameter=command>\nls -la"),
    runs: [ls],
    shown: "",
  },
  {
    id: "equals-for-bracket",
    source: "QwenLM/Qwen3-Coder#457: <parameter=command=create</parameter>",
    chunks: says("<function=terminal>\n<parameter=command=ls -la</parameter>\n</function>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "text-that-is-json",
    source: "sgl-project/sglang qwen3_coder: a JSON file as content must stay text",
    chunks: says(
      '<tool_call>\n<function=write_file>\n<parameter=path>\na.json\n</parameter>\n<parameter=content>\n{"a": 1}\n</parameter>\n</function>\n</tool_call>',
    ),
    runs: [["write_file", { path: "a.json", content: '{"a": 1}' }]],
    shown: "",
  },
  {
    id: "lines-kept",
    source: "Qwen3-Coder: several lines and spaces in a value",
    chunks: says(
      "<tool_call>\n<function=write_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=content>\ndef f():\n    return 1\n\n</parameter>\n</function>\n</tool_call>",
    ),
    runs: [["write_file", { path: "a.py", content: "def f():\n    return 1\n" }]],
    shown: "",
  },
  {
    id: "tag-in-value",
    source: "a template as content: a closing tag inside a value",
    chunks: says(
      "<tool_call>\n<function=write_file>\n<parameter=path>\na.md\n</parameter>\n<parameter=content>\nIt ends with </tool_call> or </function> here.\n</parameter>\n</function>\n</tool_call>",
    ),
    runs: [["write_file", { path: "a.md", content: "It ends with </tool_call> or </function> here." }]],
    shown: "",
  },
  {
    id: "two-functions",
    source: "Qwen3-Coder: two functions in one outer tag",
    chunks: says(
      "<tool_call>\n<function=terminal>\n<parameter=command>\nls -la\n</parameter>\n</function>\n<function=read_file>\n<parameter=path>\nnotes.txt\n</parameter>\n</function>\n</tool_call>",
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "json-in-function",
    source: "meta-llama/llama-models#266 and functionary v3.1: JSON between the function's tags",
    chunks: says('<function=terminal>{"command": "ls -la"}</function><|eot_id|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "seed",
    source: "ByteDance Seed-OSS's own outer tag",
    chunks: says("<seed:tool_call>\n<function=terminal>\n<parameter=command>ls -la</parameter>\n</function>\n</seed:tool_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "without-its-beginning",
    source: "signalnine/q27#24: the beginning swallowed by the server",
    chunks: says("<parameter=command>\nls -la\n</parameter>\n</function>\n</tool_call>"),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "stranger",
    source: "ollama PR#17742: a function that is not offered",
    chunks: says("<function=exec_command>\n<parameter=cmd>\necho\n</parameter>\n</function>"),
    runs: [],
    shown: "",
    told: true,
  },
];
