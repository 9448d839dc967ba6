import type { ModelImage, ModelMessage, ModelRequest, ToolCall } from "../core/model.ts";
import { isObjectText } from "./arguments.ts";
import { neutralise, neutraliseJson, neutraliseValue } from "./neutralise.ts";

/** What the request says besides the conversation. */
export interface WireSetting {
  readonly model: string;
  readonly maxTokens: number | null;
  /** It is a llama-server: that one tells how far it has read when asked (others may refuse the field) and takes thoughts back in every mode. */
  readonly progress: boolean;
  /** The model's window, where it is known. */
  readonly window?: number | null;
}

/** The body of a chat request. It depends on its arguments only, byte for byte: a server's prefix cache lives on that. */
export function toWire(request: ModelRequest, setting: WireSetting): Record<string, unknown> {
  const tools = offeredTools(request).map((spec) => ({
    type: "function" as const,
    function: { name: spec.name, description: spec.description, parameters: { ...spec.parameters } },
  }));
  const { schema, temperature } = request;
  return {
    model: setting.model,
    messages: withTurnThoughts(request.messages).map(toMessage),
    ...(tools.length === 0 ? {} : { tools, tool_choice: request.toolChoice }),
    ...(schema === undefined ? {} : { response_format: { type: "json_schema", json_schema: { name: schemaName, schema } } }),
    stream: true,
    stream_options: { include_usage: true },
    ...(temperature === undefined ? {} : { temperature }),
    ...(setting.maxTokens === null ? {} : { max_tokens: setting.maxTokens }),
    ...(setting.progress ? { return_progress: true } : {}),
  };
}

/** What an answer of a given schema is called where it needs a name. */
export const schemaName = "answer";

/**
 * The tools as they go out. A request for an answer of a schema offers none: together servers refuse them, or ignore one. What tools say of
 * themselves may come from outside, and templates render it.
 */
export function offeredTools({ tools, schema }: ModelRequest): ModelRequest["tools"] {
  return schema === undefined ? tools.map(neutraliseValue) : [];
}

/**
 * The messages without thoughts from before the last user message: those belong to turns that are over. Templates drop them by themselves,
 * so this changes no prompt there, and it makes servers alike.
 */
export function withTurnThoughts(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const turn = messages.findLastIndex((message) => message.role === "user");
  return messages.map((message, at) =>
    at < turn && message.role === "assistant" && message.reasoning !== "" ? { ...message, reasoning: "" } : message,
  );
}

/** Arguments that are no JSON object make llama-server answer 500 to every later turn of the session, so they go out as `{}`. */
export function argumentsText(call: ToolCall): string {
  return isObjectText(call.arguments) ? neutraliseJson(call.arguments) : "{}";
}

function toMessage(message: ModelMessage): Record<string, unknown> {
  const content = neutralise(message.content);
  switch (message.role) {
    case "system":
      return { role: "system", content };
    case "user":
      return {
        role: "user",
        content: message.images === undefined ? content : [{ type: "text", text: content }, ...message.images.map(toImage)],
      };
    case "tool":
      return { role: "tool", tool_call_id: neutralise(message.call), content };
    case "assistant": {
      // Not in OpenAI's own form: the field in which llama-server and vLLM take a model's earlier thoughts back.
      const reasoning = message.reasoning === "" ? {} : { reasoning_content: neutralise(message.reasoning) };
      const calls = message.calls.length === 0 ? {} : { tool_calls: message.calls.map(toCall) };
      return { role: "assistant", content, ...reasoning, ...calls };
    }
  }
}

function toImage(image: ModelImage): Record<string, unknown> {
  return { type: "image_url", image_url: { url: dataUrl(image) } };
}

/** A picture as an address that holds it. */
export function dataUrl({ mediaType, data }: ModelImage): string {
  return `data:${mediaType};base64,${data}`;
}

function toCall(call: ToolCall): Record<string, unknown> {
  const name = neutralise(call.name); // a model may have made it up
  return { id: neutralise(call.id), type: "function", function: { name, arguments: argumentsText(call) } };
}
