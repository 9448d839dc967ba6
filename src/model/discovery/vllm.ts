import type { Asking } from "./asking.ts";
import { markerTool, nothing, type Reader } from "./learnt.ts";
import { at, takesTools, textOf, windowOf } from "./reading.ts";
import { smallWindow } from "./remarks.ts";

/**
 * vLLM does not tell what a chat template can, but it renders one without generating: what makes no difference to the tokens is not read
 * by the template.
 */
export const readVllm: Reader = async (answers, entry, model, ask) => {
  const name = model ?? textOf(at(entry, "id"));
  const window = windowOf(at(entry, "max_model_len"));
  const known = { ...nothing, version: textOf(at(answers.version.body, "version")), window, remarks: smallWindow(window, mend) };
  if (name === null) return known;
  const render = (extra: Record<string, unknown>): Promise<Rendered | null> => rendered(ask, name, extra);
  const [plain, tooled, on, off, low, high] = await Promise.all([
    render({}),
    render({ tools: [markerTool] }),
    render({ chat_template_kwargs: { enable_thinking: true } }),
    render({ chat_template_kwargs: { enable_thinking: false } }),
    render({ chat_template_kwargs: { reasoning_effort: "low" } }),
    render({ chat_template_kwargs: { reasoning_effort: "high" } }),
  ]);
  const tools = differ(plain, tooled);
  return {
    ...known,
    tools,
    thinking: differ(on, off),
    // gpt-oss is rendered by code of its own, not by a template.
    effort: /gpt-?oss/i.test(name) ? true : differ(low, high),
    remarks: [...known.remarks, ...(tools === false ? [noTools(name)] : [])],
  };
};

const mend = "start vLLM with a larger --max-model-len";

interface Rendered {
  readonly tokens: string;
  /** Older versions leave out what they don't know, such as tools: then equal tokens say nothing. */
  readonly recent: boolean;
}

async function rendered(ask: Asking, model: string, extra: Record<string, unknown>): Promise<Rendered | null> {
  const messages = [{ role: "user", content: "hello" }];
  const { body } = await ask.post("/tokenize", { model, messages, ...extra });
  const tokens = body?.["tokens"];
  return body !== null && Array.isArray(tokens) ? { tokens: tokens.join(" "), recent: takesTools(body) } : null;
}

function differ(one: Rendered | null, other: Rendered | null): boolean | null {
  if (one === null || other === null) return null;
  return one.tokens === other.tokens ? (one.recent ? false : null) : true;
}

function noTools(name: string): string {
  return (
    `The chat template of ${name} has no place for tools, so its calls are less reliable: ` +
    "give vLLM one that has (--chat-template), or take a model made for tools, such as Qwen3."
  );
}
