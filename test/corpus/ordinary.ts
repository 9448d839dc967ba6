import { type CorpusCase, says } from "./case.ts";

const answers: Readonly<Record<string, string>> = {
  "tag-in-sentence": "Hermes models write <tool_call> before the JSON and close it again.",
  "tag-with-comma": "The markers are <tool_call>, <function=name>, and [TOOL_CALLS], one for each family.",
  "pair-with-dots": "A call looks like <tool_call>...</tool_call> in the raw text.",
  "closing-tag": "The answer ends with </tool_call> or with </function>, depending on the template.",
  "function-tag": "Qwen Coder writes <function=name> and then <parameter=key> for each argument.",
  "function-tag-of-a-tool": "It would send <function=terminal> with a <parameter=command>.",
  "line-begin": "<tool_call> is the opening tag that Hermes uses.",
  list: "- <tool_call>: opens a call\n- </tool_call>: closes it\n- <think>: begins thinking",
  table: "| Family | Mark |\n|---|---|\n| Hermes | <tool_call> |\n| Mistral | [TOOL_CALLS] |",
  quoted: 'The tag "<tool_call>" comes first, then the JSON.',
  "in-brackets": "The opening tag (<tool_call>) is one token in Qwen's vocabulary.",
  "think-in-sentence": "Reasoning models put their thoughts between <think> and </think> before they answer.",
  "think-closing": "Everything before </think> is thrown away by the template.",
  "response-tag": "The model then gets a <tool_response> with the result and goes on.",
  "turn-token": "Qwen's template begins a turn with <|im_start|>user and ends it with a token of its own.",
  "code-tag": "The model sees <tool_code> blocks:\n<tool_code>\nx = 1\n</tool_code>",
  "mid-line-fence":
    'Here it is: ```xml\n<tool_call>{"name": "terminal", "arguments": {"command": "rm x"}}</tool_call>\n```\nThat is all.',
  strike: "~~old~~ new, ~5 km and ~~~ waves",
  "mistral-in-sentence": "Mistral's [TOOL_CALLS] token is followed by a list.",
  german: "Das <tool_call> Element öffnet einen Aufruf.",
  fence:
    'Like this:\n```\n<tool_call>\n{"name": "terminal", "arguments": {"command": "rm -rf /"}}\n</tool_call>\n```\nThat is all.',
  "tilde-fence":
    'Like this:\n~~~xml\n<tool_call>\n{"name": "terminal", "arguments": {"command": "rm -rf /"}}\n</tool_call>\n~~~\nThat is all.',
  "indented-fence":
    "1. Write:\n   ```xml\n   <function=terminal><parameter=command>rm -rf /</parameter></function>\n   ```\n2. Done.",
  "long-fence": '````md\n```\n<tool_call>{"name": "terminal", "arguments": {"command": "rm x"}}</tool_call>\n```\n````',
  span: 'Send `<tool_call>{"name": "terminal", "arguments": {"command": "rm x"}}</tool_call>` to it.',
  "double-span": "Send ``<function=terminal>`` and `<|im_end|>` as they are.",
  xml: '<?xml version="1.0"?>\n<tools>\n  <tool id="1">hammer</tool>\n</tools>',
  html: '<div class="a">\n  <p>Two < three and five > four</p>\n</div>',
  json: '{"name": "Ada", "arguments": {"for": ["engines"], "against": []}}',
  "json-of-a-tool": '{"name": "terminal", "version": "1.2", "installed": true}',
  "json-list": '[{"name": "terminal", "stars": 5}, {"name": "memory", "stars": 4}]',
  numbers: "[1, 2, 3] is the list; {x | x > 0} is a set.",
  generics: "Map<String, List<Integer>> m; if (a << 2 <| b) return x[i][j];",
  shell: "Use `cat <<EOF > a.txt` and then $(ls | wc -l) < /dev/null.",
  links: "[Tool calls](https://example.org/a_(b)) and [^1] footnotes, [ ] open, [x] done.",
  "told-of-calling": "I did not call the terminal: function=terminal is only a label, and to=functions.terminal another.",
  python: "terminal(command='ls') is how Python would write it.",
  "call-colon": "call:terminal is a name, not an order.",
  "call-colon-braces": "call: {a} and then {b}",
  analysis: "analysis of the log: three errors, all at night.",
  latex: "For $x < y$ and $[a, b]$ we have $\\{x \\mid x \\in A\\}$.",
  functools: "functools.cache is in the standard library.",
  diff: "```diff\n-<tool_call>\n+<function_call>\n```\nOnly the tag changed.",
};

/** Answers that speak of calls, or look like one: nothing of them is run or left out. */
export const ordinary: readonly CorpusCase[] = Object.entries(answers).map(([id, text]) => ({
  id,
  source: "an ordinary answer",
  chunks: says(text),
  runs: [],
  shown: text,
}));
