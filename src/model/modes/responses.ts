import type { ModelMessage, ModelRequest } from "../../core/model.ts";
import type { WireChunk } from "../answer.ts";
import { isObject } from "../arguments.ts";
import { neutralise } from "../neutralise.ts";
import { argumentsText, dataUrl, offeredTools, schemaName, withTurnThoughts, type WireSetting } from "../wire.ts";
import type { Mode, ModeReader } from "./mode.ts";

type Json = Readonly<Record<string, unknown>>;

/** POST /responses: OpenAI's newer form, of which local servers speak dialects without numbers for events and items. */
export const responses: Mode = { path: "/responses", body, reader: (_request, setting) => newReader(setting) };

function body(request: ModelRequest, setting: WireSetting): Json {
  const tools = offeredTools(request).map(({ name, description, parameters }) => ({
    type: "function",
    name,
    description,
    parameters: { ...parameters },
    strict: false, // on by default here, and it refuses schemas with optional properties
  }));
  const { schema, temperature } = request;
  return {
    model: setting.model,
    input: withTurnThoughts(request.messages).flatMap((message) => items(message, setting)),
    ...(tools.length === 0 ? {} : { tools, tool_choice: request.toolChoice }),
    ...(schema === undefined ? {} : schemaFields(schema, setting)),
    stream: true,
    store: false, // the record is ours
    ...(temperature === undefined ? {} : { temperature }),
    ...(setting.maxTokens === null ? {} : { max_output_tokens: setting.maxTokens }),
  };
}

/** llama-server overlooks the schema's place here, but not the field of its chat requests (seen in its September 2026 build). */
function schemaFields(schema: Json, { progress: llama }: WireSetting): Json {
  const text = { format: { type: "json_schema", name: schemaName, schema, strict: false } };
  return { text, ...(llama ? { response_format: { type: "json_schema", json_schema: { name: schemaName, schema } } } : {}) };
}

function items(message: ModelMessage, { progress: replays }: WireSetting): Json[] {
  const content = neutralise(message.content);
  switch (message.role) {
    case "system":
      return [{ type: "message", role: "system", content }];
    case "user": {
      const images = message.images?.map((image) => ({ type: "input_image", detail: "auto", image_url: dataUrl(image) }));
      return [
        {
          type: "message",
          role: "user",
          content: images === undefined ? content : [{ type: "input_text", text: content }, ...images],
        },
      ];
    }
    case "tool":
      return [{ type: "function_call_output", call_id: neutralise(message.call), output: content }];
    case "assistant": {
      const thought = replays ? neutralise(message.reasoning) : "";
      const thinking = {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: thought }],
        encrypted_content: "",
      };
      const said = {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: content, annotations: [] }],
      };
      const calls = message.calls.map((call) => ({
        type: "function_call",
        call_id: neutralise(call.id),
        name: neutralise(call.name),
        arguments: argumentsText(call),
      }));
      return [...(thought === "" ? [] : [thinking]), ...(content === "" ? [] : [said]), ...calls];
    }
  }
}

/** A call as far as it has come. */
interface Draft {
  readonly index: number;
  readonly item: unknown;
  hasArguments: boolean;
}

interface State {
  readonly setting: WireSetting;
  readonly drafts: Draft[];
  /** Text or a call has come in pieces. */
  spoke: boolean;
}

function newReader(setting: WireSetting): ModeReader {
  const state: State = { setting, drafts: [], spoke: false };
  return { event: (json) => readEvent(state, json), whole: (json) => readWhole(setting, json) };
}

function readEvent(state: State, json: Json): WireChunk | null {
  switch (json["type"]) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      state.spoke = true;
      return delta({ content: text(json["delta"]) });
    case "response.reasoning_text.delta":
    case "response.reasoning_summary_text.delta":
      return delta({ reasoning_content: text(json["delta"]) });
    case "response.output_item.added":
      return isCall(json["item"]) ? beginCall(state, json, json["item"]) : null;
    case "response.function_call_arguments.delta":
      return addArguments(state, draftOf(state, json), text(json["delta"]));
    case "response.function_call_arguments.done":
      return missingArguments(state, draftOf(state, json), json["arguments"]);
    case "response.output_item.done":
      return isCall(json["item"]) ? endCall(state, json, json["item"]) : null;
    case "response.completed":
    case "response.incomplete":
    case "response.done":
      return lastChunk(state, json);
    case "response.failed":
      return { error: isObject(json["response"]) ? json["response"]["error"] : json };
    case "error":
      return { error: json };
    default:
      return null;
  }
}

function isCall(item: unknown): item is Json {
  return isObject(item) && item["type"] === "function_call";
}

function beginCall(state: State, event: Json, item: Json): WireChunk {
  state.spoke = true;
  const args = text(item["arguments"]);
  const index = state.drafts.length;
  state.drafts.push({ index, item: item["id"] ?? event["output_index"], hasArguments: args !== "" });
  const id = text(item["call_id"] ?? item["id"]);
  return delta({ tool_calls: [{ index, id, function: { name: text(item["name"]), arguments: args } }] });
}

/** The call that an event is about: by the item's id, else the newest. */
function draftOf({ drafts }: State, event: Json): Draft | undefined {
  const item = isObject(event["item"]) ? event["item"]["id"] : undefined;
  const key = event["item_id"] ?? item ?? event["output_index"];
  return drafts.findLast((draft) => draft.item === key) ?? (key === undefined ? drafts.at(-1) : undefined);
}

function addArguments(state: State, draft: Draft | undefined, args: string): WireChunk | null {
  // Arguments of a call that never began: it comes whole with the item's end.
  if (draft === undefined) return null;
  draft.hasArguments = true;
  state.spoke = true;
  return delta({ tool_calls: [{ index: draft.index, function: { arguments: args } }] });
}

function missingArguments(state: State, draft: Draft | undefined, args: unknown): WireChunk | null {
  return draft === undefined || draft.hasArguments || text(args) === "" ? null : addArguments(state, draft, text(args));
}

function endCall(state: State, event: Json, item: Json): WireChunk | null {
  const draft = draftOf(state, event);
  return draft === undefined ? beginCall(state, event, item) : missingArguments(state, draft, item["arguments"]);
}

/** The last event holds the whole response: the counts, and what a server that streams nothing but this one has said. */
function lastChunk(state: State, json: Json): WireChunk {
  const whole = readWhole(state.setting, isObject(json["response"]) ? json["response"] : json) ?? {
    choices: [{ finish_reason: "stop" }],
  };
  const timings = isObject(json["timings"]) ? { timings: json["timings"] } : {};
  if (!state.spoke) return { ...whole, ...timings };
  const finish = whole.choices?.[0]?.finish_reason ?? "stop";
  return { ...whole, ...timings, choices: [{ finish_reason: finish }] };
}

function readWhole(setting: WireSetting, response: unknown): WireChunk | null {
  if (!isObject(response) || response["object"] !== "response") return null;
  if (isObject(response["error"])) return { error: response["error"] };
  const output = Array.isArray(response["output"]) ? response["output"].filter(isObject) : [];
  const said = output.filter((item) => item["type"] === "message").map(textIn);
  const calls = output.filter(isCall).map((item, index) => ({
    index,
    id: text(item["call_id"] ?? item["id"]),
    function: { name: text(item["name"]), arguments: text(item["arguments"]) },
  }));
  const usage = isObject(response["usage"]) ? response["usage"] : null;
  const timings = isObject(response["timings"]) ? { timings: response["timings"] } : {};
  return {
    choices: [{ delta: { content: said.join(""), tool_calls: calls }, finish_reason: finishOf(response, usage, setting) }],
    ...(usage === null ? {} : { usage: usageOf(usage) }),
    ...timings,
  };
}

function textIn(item: Json): string {
  const parts = Array.isArray(item["content"]) ? item["content"].filter(isObject) : [];
  return parts.map((part) => text(part["text"] ?? part["refusal"])).join("");
}

/** llama-server calls an answer complete that it has cut at the limit: only the counts tell (seen in its September 2026 build). */
function finishOf(response: Json, usage: Json | null, { maxTokens, window }: WireSetting): string {
  const details = response["incomplete_details"];
  const reason = isObject(details) ? details["reason"] : null;
  if (response["status"] === "incomplete") return reason === "content_filter" ? "stop" : "length";
  const [written, total] = [number(usage?.["output_tokens"]), number(usage?.["total_tokens"])];
  const full = (maxTokens !== null && written !== null && written >= maxTokens) || (window && total !== null && total >= window);
  return full === true ? "length" : "stop";
}

function usageOf(usage: Json): NonNullable<WireChunk["usage"]> {
  const details = usage["input_tokens_details"];
  return {
    prompt_tokens: number(usage["input_tokens"]),
    completion_tokens: number(usage["output_tokens"]),
    prompt_tokens_details: { cached_tokens: isObject(details) ? number(details["cached_tokens"]) : null },
  };
}

function delta(said: NonNullable<NonNullable<WireChunk["choices"]>[number]["delta"]>): WireChunk {
  return { choices: [{ delta: said }] };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
