import { type CorpusCase, ls, notes, says } from "./case.ts";

/** GLM's keys and values, and Spark's and Ling's like them. */
export const glm: readonly CorpusCase[] = [
  {
    id: "whole",
    source: "vllm-ascend#12398: GLM markup in the content",
    chunks: says("<tool_call>terminal\n<arg_key>command</arg_key>\n<arg_value>ls -la</arg_value>\n</tool_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "one-line",
    source: "GLM-4.7: no line breaks",
    chunks: says("<tool_call>read_file<arg_key>path</arg_key><arg_value>notes.txt</arg_value></tool_call>"),
    runs: [notes],
    shown: "",
  },
  {
    id: "typed",
    source: "GLM-4.5: a number as text",
    chunks: says(
      "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>notes.txt</arg_value>\n<arg_key>limit</arg_key>\n<arg_value>20</arg_value>\n</tool_call>",
    ),
    runs: [["read_file", { path: "notes.txt", limit: 20 }]],
    shown: "",
  },
  {
    id: "value-not-closed",
    source: "zai-org/GLM-4.5#146: last closing tags missing",
    chunks: says("<tool_call>terminal\n<arg_key>command</arg_key>\n<arg_value>ls -la\n</tool_call>"),
    runs: [ls],
    shown: "",
  },
  {
    id: "no-arguments",
    source: "vllm#48201: a call without arguments reaches the tool's check",
    chunks: says("<tool_call>terminal</tool_call>"),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "separator",
    source: "Hunyuan's tool_sep between name and arguments",
    chunks: says(
      "<tool_calls>\n<tool_call>terminal<tool_sep>\n<arg_key>command</arg_key>\n<arg_value>ls -la</arg_value>\n</tool_call>\n</tool_calls>",
    ),
    runs: [ls],
    shown: "",
  },
];

/** Llama 3's bare JSON and python tag, and bare JSON of others. */
export const bare: readonly CorpusCase[] = [
  {
    id: "json",
    source: "hermes-agent#107125: bare JSON in the content",
    chunks: says('{"name": "terminal", "arguments": {"command": "ls -la"}}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "parameters",
    source: "Rapid-MLX#700: Llama 3.1's parameters",
    chunks: says('{"name": "terminal", "parameters": {"command": "ls -la"}}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "type-first",
    source: "hermes-agent#63680: llama3.2 with type first",
    chunks: says('{"type": "function", "name": "terminal", "parameters": {"command": "ls -la"}}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "semicolons",
    source: "Llama 3.1: several calls, semicolons between",
    chunks: says(
      '{"name": "terminal", "parameters": {"command": "ls -la"}}; {"name": "read_file", "parameters": {"path": "notes.txt"}}',
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "list",
    source: "xLAM: a list of calls",
    chunks: says(
      '[{"name": "terminal", "arguments": {"command": "ls -la"}}, {"name": "read_file", "arguments": {"path": "notes.txt"}}]',
    ),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "tool-calls-envelope",
    source: "jundot/omlx#2565: OpenAI's list as the content",
    chunks: says(
      '{"tool_calls": [{"type": "function", "function": {"name": "terminal", "arguments": "{\\"command\\": \\"ls -la\\"}"}}]}',
    ),
    runs: [ls],
    shown: "",
  },
  {
    id: "token-behind",
    source: "llama.cpp without the template's end token stripped",
    chunks: says('{"name": "terminal", "parameters": {"command": "ls -la"}}<|eot_id|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "python-tag-json",
    source: "meta-llama/llama-models#266: python tag with JSON",
    chunks: says('<|python_tag|>{"type": "function", "name": "terminal", "parameters": {"command": "ls -la"}}<|eom_id|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "python-tag-call",
    source: "meta-llama/llama-models#266: python tag with a call",
    chunks: says('<|python_tag|>terminal.call(command="ls -la")<|eom_id|>'),
    runs: [ls],
    shown: "",
  },
  {
    id: "python-tag-code",
    source: "Llama 3.1: the code interpreter, which we don't have",
    chunks: says("<|python_tag|>print(sum(range(10)))<|eom_id|>"),
    runs: [],
    shown: "",
    told: true,
  },
  {
    id: "pythonic",
    source: "meta-llama/llama-models#169: Llama 3.2's bracket form",
    chunks: says("[terminal(command='ls -la'), read_file(path='notes.txt')]"),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "data",
    source: "Rapid-MLX PR#703: JSON that is an answer stays text",
    chunks: says('{"name": "Alice", "parameters": {"age": 3}}'),
    runs: [],
    shown: '{"name": "Alice", "parameters": {"age": 3}}',
  },
  {
    id: "data-like-a-tool",
    source: "JSON about something that is called as a tool is, stays text",
    chunks: says('{"name": "memory", "size": "16 GB", "speed": "DDR5"}'),
    runs: [],
    shown: '{"name": "memory", "size": "16 GB", "speed": "DDR5"}',
  },
  {
    id: "link",
    source: "an answer that begins with a Markdown link or a list",
    chunks: says("[terminal](https://example.org) is a program."),
    runs: [],
    shown: "[terminal](https://example.org) is a program.",
  },
  {
    id: "within-words",
    source: "JSON amid an answer is part of it",
    chunks: says('Send {"name": "terminal", "arguments": {"command": "ls"}} to the server.'),
    runs: [],
    shown: 'Send {"name": "terminal", "arguments": {"command": "ls"}} to the server.',
  },
  {
    id: "fenced-json",
    source: "ollama#13519: a call in a fence is not run",
    chunks: says('```json\n{"name": "terminal", "parameters": {"command": "ls"}}\n```'),
    runs: [],
    shown: '```json\n{"name": "terminal", "parameters": {"command": "ls"}}\n```',
  },
  {
    id: "broken",
    source: "Llama 3.2 3B: bare JSON that is broken",
    chunks: says('{"name": "terminal", "parameters": {"command": "echo "a" "b"}}'),
    runs: [],
    shown: "",
    told: true,
  },
];

/** Mistral's two forms. */
export const mistral: readonly CorpusCase[] = [
  {
    id: "list",
    source: "Mistral Nemo over a server without its parser",
    chunks: says('[TOOL_CALLS][{"name": "terminal", "arguments": {"command": "ls -la"}, "id": "a1b2c3d4e"}]'),
    runs: [ls],
    shown: "",
  },
  {
    id: "id-and-args",
    source: "Mistral Small 3.2: [CALL_ID] and [ARGS]",
    chunks: says('[TOOL_CALLS]terminal[CALL_ID]a1b2c3d4e[ARGS]{"command": "ls -la"}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "args-twice",
    source: "Ministral 3: the mark before each call",
    chunks: says('[TOOL_CALLS]terminal[ARGS]{"command": "ls -la"}[TOOL_CALLS]read_file[ARGS]{"path": "notes.txt"}</s>'),
    runs: [ls, notes],
    shown: "",
  },
  {
    id: "no-args-mark",
    source: "Devstral: name and object without marks",
    chunks: says('[TOOL_CALLS]terminal{"command": "ls -la"}'),
    runs: [ls],
    shown: "",
  },
  {
    id: "after-words",
    source: "Mistral Small: words before",
    chunks: says('I look. [TOOL_CALLS] [{"name": "terminal", "arguments": {"command": "ls -la"}}]'),
    runs: [ls],
    shown: "I look.",
  },
  {
    id: "list-not-closed",
    source: "Mistral 7B v0.3: the list's end missing",
    chunks: says('[TOOL_CALLS][{"name": "terminal", "arguments": {"command": "ls -la"}}'),
    runs: [ls],
    shown: "",
  },
];
