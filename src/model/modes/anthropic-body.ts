import type { ModelImage, ModelMessage, ModelRequest, ToolCall } from "../../core/model.ts";
import { parsed } from "../arguments.ts";
import { neutralise } from "../neutralise.ts";
import { argumentsText, offeredTools, schemaName, withTurnThoughts, type WireSetting } from "../wire.ts";

type Json = Readonly<Record<string, unknown>>;

/** The API wants a limit. So much where none is configured: the most that its oldest models in use take. */
const usualMaxTokens = 8_192;

/**
 * The body of a Messages request. What may be cached is marked at the end of the tools, of the system prompt, and of the last two messages
 * of the person's side (four marks are the most): the last for the next request, the one before for what it can find of this one.
 */
export function anthropicBody(request: ModelRequest, setting: WireSetting): Json {
  const { schema, temperature } = request;
  const lead = leadLength(request.messages);
  const system = request.messages
    .slice(0, lead)
    .reduce<Json[]>((all, { content }) => [...all, ...apart(all, textBlocks(content))], []);
  const tools = schema === undefined ? offeredTools(request).map(toTool) : [schemaTool(schema)];
  return {
    model: setting.model,
    max_tokens: setting.maxTokens ?? usualMaxTokens,
    ...(system.length === 0 ? {} : { system: marked(system) }),
    messages: markedMessages(turns(withTurnThoughts(request.messages).slice(lead), setting)),
    ...(tools.length === 0 ? {} : { tools: marked(tools), tool_choice: toolChoice(request) }),
    stream: true,
    ...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
  };
}

function leadLength(messages: readonly ModelMessage[]): number {
  const end = messages.findIndex((message) => message.role !== "system");
  return end < 0 ? messages.length : end;
}

function toTool({ name, description, parameters }: ModelRequest["tools"][number]): Json {
  return { name, description, input_schema: { ...parameters } };
}

/** An answer of a schema is the input of a tool that must be called. */
function schemaTool(schema: Json): Json {
  return { name: schemaName, description: "Give your answer with this tool.", input_schema: { ...schema } };
}

function toolChoice({ schema, toolChoice: choice }: ModelRequest): Json {
  if (schema !== undefined) return { type: "tool", name: schemaName };
  return { type: choice === "required" ? "any" : choice };
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Json[];
}

/** Messages as blocks, neighbours of one role joined: the API wants the roles to alternate, and to begin with the person. */
function turns(messages: readonly ModelMessage[], setting: WireSetting): readonly Turn[] {
  const all: Turn[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = blocks(message, setting);
    const last = all.at(-1);
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...apart(last.content, content));
    else all.push({ role, content });
  }
  if (all[0]?.role === "assistant")
    all.unshift({ role: "user", content: [{ type: "text", text: "(The beginning is left out.)" }] });
  return all;
}

/** A text behind another on a line of its own: servers join blocks, and two halves of a control token must not become one. */
function apart(before: readonly Json[], content: readonly Json[]): readonly Json[] {
  const [first, ...rest] = content;
  if (first?.["type"] !== "text" || before.at(-1)?.["type"] !== "text") return content;
  return [{ ...first, text: `\n${String(first["text"])}` }, ...rest];
}

function blocks(message: ModelMessage, { progress: replays }: WireSetting): Json[] {
  switch (message.role) {
    case "system":
      return textBlocks(message.content);
    case "user":
      return [
        ...(message.images ?? []).map(toImage),
        ...textBlocks(message.content.trim() === "" ? "(no text)" : message.content),
      ];
    case "tool": {
      const content = textBlocks(message.content);
      return [{ type: "tool_result", tool_use_id: callId(message.call), ...(content.length === 0 ? {} : { content }) }];
    }
    case "assistant": {
      const thinking = { type: "thinking", thinking: neutralise(message.reasoning), signature: "" };
      const thought = replays && message.reasoning !== "" ? [thinking] : [];
      return [...thought, ...textBlocks(message.content), ...message.calls.map(toCall)];
    }
  }
}

function toImage({ mediaType, data }: ModelImage): Json {
  return { type: "image", source: { type: "base64", media_type: mediaType, data } };
}

function toCall(call: ToolCall): Json {
  return { type: "tool_use", id: callId(call.id), name: neutralise(call.name), input: parsed(argumentsText(call)) };
}

/** The API takes letters, digits, `_` and `-`. */
function callId(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_");
}

/** Blocks of nothing but white space are refused. */
function textBlocks(content: string): Json[] {
  return content.trim() === "" ? [] : [{ type: "text", text: neutralise(content) }];
}

/** The list with a mark on its last entry. */
function marked(entries: readonly Json[]): Json[] {
  return entries.map((entry, at) => (at === entries.length - 1 ? { ...entry, cache_control: { type: "ephemeral" } } : entry));
}

function markedMessages(all: readonly Turn[]): readonly Turn[] {
  const asked = all.flatMap(({ role }, at) => (role === "user" ? [at] : [])).slice(-2);
  return all.map((turn, at) => (asked.includes(at) ? { role: turn.role, content: marked(turn.content) } : turn));
}
