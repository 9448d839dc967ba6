import type { ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { ModelMessage, ModelRequest, ToolCall } from "../core/model.ts";
import { isObjectText } from "./arguments.ts";
import { neutralise } from "./neutralise.ts";

/** What the request says besides the conversation. */
export interface WireSetting {
  readonly model: string;
  readonly maxTokens: number | null;
  /** llama-server tells how far it has read when asked; other servers may refuse the field. */
  readonly progress: boolean;
}

export type WireRequest = ChatCompletionCreateParamsStreaming & { return_progress?: boolean };

/** The request's body. It depends on its arguments only, byte for byte: a server's prefix cache lives on that. */
export function toWire(request: ModelRequest, setting: WireSetting): WireRequest {
  const tools = request.tools.map((spec) => ({
    type: "function" as const,
    function: { name: spec.name, description: spec.description, parameters: { ...spec.parameters } },
  }));
  return {
    model: setting.model,
    messages: request.messages.map(toMessage),
    ...(tools.length === 0 ? {} : { tools, tool_choice: request.toolChoice }),
    stream: true,
    stream_options: { include_usage: true },
    ...(setting.maxTokens === null ? {} : { max_tokens: setting.maxTokens }),
    ...(setting.progress ? { return_progress: true } : {}),
  };
}

function toMessage(message: ModelMessage): ChatCompletionMessageParam {
  const content = neutralise(message.content);
  switch (message.role) {
    case "system":
    case "user":
      return { role: message.role, content };
    case "tool":
      return { role: "tool", tool_call_id: message.call, content };
    case "assistant": {
      // Not in the SDK's type: the field in which llama-server and vLLM take a model's earlier thoughts back.
      const reasoning = message.reasoning === "" ? {} : { reasoning_content: neutralise(message.reasoning) };
      const calls = message.calls.length === 0 ? {} : { tool_calls: message.calls.map(toCall) };
      return { role: "assistant", content, ...reasoning, ...calls };
    }
  }
}

/** Arguments that are no JSON object make llama-server answer 500 to every later turn of the session, so they go out as `{}`. */
function toCall(call: ToolCall) {
  const text = isObjectText(call.arguments) ? neutralise(call.arguments) : "{}";
  return { id: call.id, type: "function" as const, function: { name: call.name, arguments: text } };
}
