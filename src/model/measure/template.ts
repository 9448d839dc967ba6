import type { Asking } from "../discovery/asking.ts";
import { at, textOf } from "../discovery/reading.ts";

/** What a chat template does with tools. Null: the server does not show how it renders. */
export interface TemplateFinding {
  /** What of the conversation is missing in the prompt: `tool`, `call`, `result`. */
  readonly missing: readonly string[];
  /** Whether the prompt ends where the model is to speak. */
  readonly opens: boolean;
  /** The special words of the template, such as `<|im_end|>`: what nobody's message may contain as such. */
  readonly words: readonly string[];
}

/** Marks that no template contains by itself. */
const marks = { tool: "probe_marker_tool", call: "probemarkercall", result: "probemarkerresult" } as const;

/** Has llama-server render a conversation with a tool, a call and its result, without generating. Never rejects. */
export async function probeTemplate(ask: Asking): Promise<TemplateFinding | null> {
  const { body } = await ask.post("/apply-template", conversation);
  const prompt = textOf(at(body, "prompt"));
  if (prompt === null) return null;
  const missing = Object.entries(marks).filter(([, mark]) => !prompt.includes(mark));
  const tail = prompt.slice(prompt.lastIndexOf(marks.result) + marks.result.length);
  return { missing: missing.map(([name]) => name), opens: opener.test(tail), words: specialWords(prompt) };
}

const conversation = {
  messages: [
    { role: "system", content: "You are helpful." },
    { role: "user", content: "Look it up." },
    {
      role: "assistant",
      content: "",
      tool_calls: [
        { id: "Marker001", type: "function", function: { name: marks.tool, arguments: JSON.stringify({ key: marks.call }) } },
      ],
    },
    { role: "tool", tool_call_id: "Marker001", name: marks.tool, content: marks.result },
  ],
  tools: [
    {
      type: "function",
      function: {
        name: marks.tool,
        description: "Looks a key up.",
        parameters: { type: "object", properties: { key: { type: "string" } }, required: ["key"] },
      },
    },
  ],
};

/** How the known templates hand the word to the model; Mistral's does so by closing the result. */
const opener = /assistant|model\n|\[\/(?:INST|TOOL_RESULTS)\]|<\|?(?:Assistant|bot|AI)\|?>|<｜Assistant｜>/i;

/** Words between the brackets that special tokens have. */
function specialWords(prompt: string): readonly string[] {
  const found = prompt.match(/<\|[^<>|\s]{1,40}\|>|<｜[^<>｜\s]{1,40}｜>|<\/?s>|\[\/?[A-Z][A-Z_]{2,20}\]|<\/?\w+_of_\w+>/g) ?? [];
  return [...new Set(found)];
}
