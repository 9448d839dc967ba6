import { shownModel } from "../address.ts";
import type { Asking } from "./asking.ts";
import { markerTool, nothing, type Learnt, type Reader } from "./learnt.ts";
import { at, counted, countOf, flagOf, textOf, textsOf, windowOf, type Json } from "./reading.ts";
import { smallWindow } from "./remarks.ts";

/** llama-server tells all in `/props`. A router is asked for a loaded model only: asking for another would load it. */
export const readLlama: Reader = async (answers, entry, model, ask) => {
  const own = answers.props.body;
  if (own === null) return { ...nothing, window: windowOf(at(entry, "meta", "n_ctx")), settled: false };
  if (own["role"] !== "router") return told(own, entry, model, ask);
  const id = textOf(at(entry, "id"));
  const build = { ...nothing, version: textOf(own["build_info"]), settled: false };
  if (id === null || at(entry, "status", "value") !== "loaded") return build;
  const { body } = await ask.get(`/props?model=${encodeURIComponent(id)}&autoload=false`);
  return body === null ? build : told(body, entry, id, ask);
};

/** What the properties say, unless the server refuses tools whatever its template could do with them. */
async function told(props: Json, entry: Json | null, model: string | null, ask: Asking): Promise<Learnt> {
  const learnt = readProps(props, entry, model);
  if (learnt.tools !== true) return learnt;
  const messages = [{ role: "user", content: "hello" }];
  const { error } = await ask.post("/apply-template", { ...(model === null ? {} : { model }), messages, tools: [markerTool] });
  return error?.includes("--jinja") ? { ...learnt, tools: false, remarks: [...learnt.remarks, noJinja] } : learnt;
}

const noJinja =
  "llama-server was started without its templates and refuses tools: start it with --jinja (and without --no-jinja).";

function readProps(props: Json, entry: Json | null, model: string | null): Learnt {
  const template = textOf(props["chat_template"]);
  const caps = props["chat_template_caps"];
  const slots = countOf(props["total_slots"]);
  // Each slot's own window: `-c` may be shared by all of them, and what the model was trained on is no promise.
  const window = windowOf(at(props, "default_generation_settings", "n_ctx")) ?? windowOf(at(entry, "meta", "n_ctx"));
  const tools = flagOf(at(caps, "supports_tools")) ?? (template === null ? null : /\btools\b/.test(template));
  const capabilities = textsOf(at(entry, "capabilities"));
  return {
    version: textOf(props["build_info"]),
    window,
    slots,
    vision: flagOf(at(props, "modalities", "vision")) ?? capabilities?.includes("multimodal") ?? null,
    tools,
    thinking: template === null ? null : template.includes("enable_thinking"),
    effort: flagOf(at(caps, "supports_reasoning_effort")),
    remarks: [
      ...(tools === false ? [noTools(model ?? textOf(props["model_alias"]))] : []),
      ...smallWindow(window, `start llama-server with -c ${counted(advisedFor(slots)).replaceAll(",", "")} or more`),
    ],
    settled: true,
  };
}

/** `-c` is divided by the slots when their number is given. */
function advisedFor(slots: number | null): number {
  return 32_768 * (slots ?? 1);
}

function noTools(model: string | null): string {
  const name = model === null ? "the model" : shownModel(model);
  return (
    `The chat template of ${name} has no place for tools, so its calls are less reliable: ` +
    "give llama-server one that has (--chat-template-file), or take a model made for tools, such as Qwen3."
  );
}
