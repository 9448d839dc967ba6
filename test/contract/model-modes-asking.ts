import assert from "node:assert/strict";
import type { Failure } from "../../src/core/failures.ts";
import type { ModelEvent, ModelRequest } from "../../src/core/model.ts";
import type { ApiMode } from "../../src/model/settings.ts";
import { asking, drain, provider, quickModels } from "../doubles/model-server-client.ts";
import * as double from "../doubles/model-server.ts";
import type { ModelServerOptions, Seen, Step } from "../doubles/model-server.ts";

export const apiModes: readonly ApiMode[] = ["chat_completions", "responses", "anthropic_messages"];
/** The endpoints of a server that speaks all modes. */
export const everything = ["chat/completions", "responses", "messages"] as const;

/** What a request came to, and what the server saw of it. */
export interface Asked {
  readonly events: ModelEvent[];
  readonly seen: readonly Seen[];
}

/** Asks a scripted server once. */
export async function ask(
  mode: ApiMode | "auto",
  steps: readonly Step[],
  request: ModelRequest = asking(),
  options: ModelServerOptions & { readonly base?: (origin: string) => string; readonly apiKey?: string } = {},
): Promise<Asked> {
  const { base = (origin: string) => `${origin}/v1`, ...rest } = options;
  await using server = await double.modelServerWith({ speaks: everything, ...rest }, ...steps);
  const main = provider("main", [base(server.origin)], { apiMode: mode, apiKey: options.apiKey ?? null });
  const models = quickModels({ settings: { main } });
  try {
    return { events: await drain(await models.current(), request), seen: server.seen };
  } finally {
    await models.close();
  }
}

/** The failure at the end; throws when it ended otherwise. */
export function failureOf({ events }: Asked): Failure {
  const last = events.at(-1);
  assert.ok(last?.type === "failed", `ended with ${JSON.stringify(last)}`);
  return last.failure;
}

/** Frames of events as the two newer modes have them. */
export function events(...said: readonly { readonly type: string; readonly [field: string]: unknown }[]): Step {
  return double.raw(...said.map((event) => `event: ${event.type}\n${double.data(event)}`));
}

/** The end of a good answer in Responses. */
export const completed = { type: "response.completed", response: { object: "response", status: "completed" } };

/** An answer that says "ok". */
export function ok(mode: ApiMode): Step {
  if (mode === "chat_completions") return double.say("ok");
  if (mode === "responses") return events({ type: "response.output_text.delta", delta: "ok" }, completed);
  return events(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "ok" } },
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "message_stop" },
  );
}
