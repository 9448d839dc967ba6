import { readElementCalls } from "./elements.ts";
import type { TextFamily, WrittenCall } from "./family.ts";
import { readJsonCalls, readNamedObjects } from "./json.ts";
import { readBracedCalls, readPythonicCalls } from "./pythonic.ts";
import { readArrowCalls, readToldCalls } from "./spoken.ts";
import { readMistralCalls, readOpenCloseCalls, readSectionedCalls, readSolarCalls } from "./sectioned.ts";
import { readGluedCalls, readKeyedCalls, readLongCatCalls, readTaggedCalls } from "./tagged.ts";

type Reader = TextFamily["read"];

/** The calls by the first of these forms that finds any. */
function firstOf(...readers: readonly Reader[]): Reader {
  return (body, open): readonly WrittenCall[] => {
    for (const read of readers) {
      const calls = read(body, open);
      if (calls.length > 0) return calls;
    }
    return [];
  };
}

const inTags = firstOf(readTaggedCalls, readKeyedCalls, readJsonCalls, readPythonicCalls, readElementCalls);
const inBrackets = firstOf(readJsonCalls, readPythonicCalls);

/** Whatever models write between plain tags: what it begins with says in which form, so that one inside an argument is not taken for it. */
const anyInTags: Reader = (body, open) => (/^\s*(?:[[{]|```)/.test(body) ? inBrackets(body, open) : inTags(body, open));

/** One row is one family. A longer opening wins over a shorter one at the same place. */
export const textFamilies: readonly TextFamily[] = [
  { name: "Hermes, Qwen, GLM, Granite 4", opens: ["<tool_call>"], closes: ["</tool_call>"], read: anyInTags },
  {
    name: "The same in another spelling",
    opens: ["<tool-call>", "<toolcall>", "<TOOL_CALL>"],
    closes: ["</tool-call>", "</toolcall>", "</TOOL_CALL>"],
    read: anyInTags,
  },
  { name: "Qwen Coder 2.5", opens: ["<tools>"], closes: ["</tools>"], read: anyInTags, word: true },
  { name: "LongCat", opens: ["<longcat_tool_call>"], closes: ["</longcat_tool_call>"], read: readLongCatCalls },
  { name: "Gemma 3", opens: ["<tool_code>"], closes: ["</tool_code>"], read: readPythonicCalls, word: true },
  { name: "MiniMax M1, Hunyuan, Jamba, Apriel", opens: ["<tool_calls>"], closes: ["</tool_calls>"], read: anyInTags },
  {
    name: "Qwen Coder, Functionary",
    opens: ["<function="],
    closes: ["</function>", "</tool_call>"],
    read: firstOf(readGluedCalls, readTaggedCalls),
  },
  { name: "Qwen Coder without its beginning", opens: ["<parameter="], closes: ["</function>", "</tool_call>"], read: () => [] },
  { name: "MiniCPM", opens: ["<function name="], closes: ["</function>"], read: readTaggedCalls, word: true },
  {
    name: "Glaive",
    opens: ["<function_call>", "<functioncall>"],
    closes: ["</function_call>", "</functioncall>"],
    read: anyInTags,
  },
  { name: "Seed", opens: ["<seed:tool_call>"], closes: ["</seed:tool_call>"], read: anyInTags },
  { name: "MiniMax", opens: ["<minimax:tool_call>"], closes: ["</minimax:tool_call>"], read: anyInTags },
  { name: "Anthropic, Olmo", opens: ["<function_calls>"], closes: ["</function_calls>"], read: anyInTags },
  { name: "Muse", opens: ["<atem:function_calls>"], closes: ["</atem:function_calls>"], read: anyInTags },
  { name: "Anthropic, bare", opens: ["<invoke name="], closes: ["</invoke>"], read: readTaggedCalls },
  {
    name: "DeepSeek V3.2",
    opens: ["<｜DSML｜function_calls>", "<|DSML|function_calls>"],
    closes: ["</｜DSML｜function_calls>", "</|DSML|function_calls>"],
    read: anyInTags,
  },
  {
    name: "DeepSeek V4",
    opens: ["<｜DSML｜tool_calls>", "<|DSML|tool_calls>"],
    closes: ["</｜DSML｜tool_calls>", "</|DSML|tool_calls>"],
    read: anyInTags,
  },
  {
    name: "DeepSeek R1, V3, V3.1",
    opens: [
      "<｜tool▁calls▁begin｜>",
      "<｜tool_calls_begin｜>",
      "<｜tool calls begin｜>",
      "<|tool▁calls▁begin|>",
      "<｜tool▁calls｜>",
    ],
    closes: [
      "<｜tool▁calls▁end｜>",
      "<｜tool_calls_end｜>",
      "<｜tool calls end｜>",
      "<|tool▁calls▁end|>",
      "<｜end▁of▁sentence｜>",
    ],
    read: firstOf(readSectionedCalls, readJsonCalls),
  },
  { name: "DeepSeek, one call", opens: ["<｜tool▁call▁begin｜>"], closes: ["<｜tool▁call▁end｜>"], read: readSectionedCalls },
  {
    name: "Kimi K2",
    opens: ["<|tool_calls_section_begin|>"],
    closes: ["<|tool_calls_section_end|>", "<|tool_call_section_end|>", "<|im_end|>"],
    read: readSectionedCalls,
  },
  { name: "Kimi K2, one call", opens: ["<|tool_call_begin|>"], closes: ["<|tool_call_end|>"], read: readSectionedCalls },
  {
    name: "Kimi K2 without its beginning",
    opens: ["<|tool_call_argument_begin|>"],
    closes: ["<|tool_calls_section_end|>", "<|tool_call_end|>"],
    read: () => [],
  },
  {
    name: "Kimi K3",
    opens: ["<|open|>tools"],
    closes: ["<|close|>tools<|sep|>", "<|close|>toolsmessage<|sep|>"],
    read: readOpenCloseCalls,
  },
  { name: "Solar", opens: ["<|tool_calls|>"], closes: ["<|calls|>"], read: readSolarCalls },
  {
    name: "Llama 3",
    opens: ["<|python_tag|>", "<|python_start|>"],
    closes: ["<|eom_id|>", "<|eot_id|>", "<|python_end|>"],
    read: firstOf(readJsonCalls, readPythonicCalls),
  },
  { name: "Mistral", opens: ["[TOOL_CALLS]"], closes: ["</s>"], read: readMistralCalls },
  { name: "Granite 3, Phi 4", opens: ["<|tool_call|>"], closes: ["<|/tool_call|>", "<|end_of_text|>"], read: readJsonCalls },
  { name: "GigaChat", opens: ["<|function_call|>"], closes: ["<|message_sep|>"], read: readJsonCalls },
  { name: "Command R7B", opens: ["<|START_ACTION|>"], closes: ["<|END_ACTION|>"], read: readJsonCalls },
  { name: "Apertus", opens: ["<|tools_prefix|>"], closes: ["<|tools_suffix|>"], read: readNamedObjects },
  { name: "InternLM", opens: ["<|action_start|>"], closes: ["<|action_end|>"], read: readJsonCalls },
  { name: "Nemotron", opens: ["<TOOLCALL>"], closes: ["</TOOLCALL>"], read: anyInTags },
  {
    name: "LFM2",
    opens: ["<|tool_call_start|>"],
    closes: ["<|tool_call_end|>"],
    read: firstOf(readPythonicCalls, readJsonCalls),
  },
  { name: "FunctionGemma", opens: ["<start_function_call>"], closes: ["<end_function_call>"], read: readBracedCalls },
  { name: "Gemma 4", opens: ["<|tool_call>"], closes: ["<tool_call|>"], read: firstOf(readBracedCalls, readJsonCalls) },
  {
    name: "MiniMax, other providers'",
    opens: ["[TOOL_CALL]"],
    closes: ["[/TOOL_CALL]"],
    read: firstOf(readArrowCalls, anyInTags),
  },
  { name: "Told, not called", opens: ["[Calling tool: "], closes: ["]"], read: readToldCalls },
  { name: "LM Studio's default", opens: ["[TOOL_REQUEST]"], closes: ["[END_TOOL_REQUEST]"], read: anyInTags },
];
