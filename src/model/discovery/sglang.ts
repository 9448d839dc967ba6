import type { Asking, Reply } from "./asking.ts";
import { nothing, type Reader } from "./learnt.ts";
import { at, countOf, flagOf, objectsOf, textOf, windowOf, type Json } from "./reading.ts";
import { smallWindow } from "./remarks.ts";

/** SGLang tells how it was started. */
export const readSglang: Reader = async (_answers, entry, model, ask) => {
  const [server, loaded] = await Promise.all([
    renamed(ask, "/get_server_info", "/server_info"),
    renamed(ask, "/get_model_info", "/model_info"),
  ]);
  const window = leastOf(windowOf(at(entry, "max_model_len")) ?? windowOf(at(server, "context_length")), pool(server));
  const thinker = parser(server, "reasoning_parser");
  const tools = isParsed(server, "tool_call_parser");
  return {
    ...nothing,
    version: textOf(at(server, "version")),
    window,
    slots: slotsOf(server),
    vision: flagOf(at(loaded, "has_image_understanding")),
    tools,
    thinking: thinker === undefined ? null : thinker !== null && !isLevelled(thinker),
    effort: thinker === undefined ? null : thinker !== null && isLevelled(thinker),
    remarks: [
      ...smallWindow(window, "start SGLang with a larger --context-length"),
      ...(tools === false ? [noParser(model ?? textOf(at(entry, "id")))] : []),
    ],
  };
};

/** Newer versions drop the `get_`. */
async function renamed(ask: Asking, older: string, newer: string): Promise<Json | null> {
  const first: Reply = await ask.get(older);
  return first.body ?? (first.status === 404 ? (await ask.get(newer)).body : null);
}

/** A parser's name, null where it was started without, undefined where it does not tell. */
function parser(server: Json | null, key: string): string | null | undefined {
  const value = server?.[key];
  return value === null ? null : (textOf(value) ?? undefined);
}

function isParsed(server: Json | null, key: string): boolean | null {
  const name = parser(server, key);
  return name === undefined ? null : name !== null;
}

/** gpt-oss thinks by levels and can't be switched off. */
function isLevelled(thinker: string): boolean {
  return /gpt-?oss/i.test(thinker);
}

/** A request can't be longer than all of its memory for tokens. */
function pool(server: Json | null): number | null {
  return windowOf(server?.["max_total_num_tokens"]);
}

function leastOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function slotsOf(server: Json | null): number | null {
  const [first] = objectsOf(server?.["internal_states"]);
  return countOf(server?.["max_running_requests"]) ?? countOf(first?.["effective_max_running_requests_per_dp"]);
}

function noParser(model: string | null): string {
  return (
    `SGLang was started without --tool-call-parser, so calls of ${model ?? "the model"} come as plain text, which is read here but less ` +
    "reliably: name the parser that fits the model."
  );
}
