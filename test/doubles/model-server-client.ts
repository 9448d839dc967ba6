import type { Log } from "../../src/core/log.ts";
import type { Model, ModelAnswer, ModelEvent, ModelMessage, ModelRequest, Models, ToolSpec } from "../../src/core/model.ts";
import { openModels, type ModelOptions } from "../../src/model/models.ts";

/** A log that keeps its lines. */
export function lines(): Log & { readonly lines: string[] } {
  const kept: string[] = [];
  const keep = (_fields: unknown, message: string): void => void kept.push(message);
  return { lines: kept, debug: keep, info: keep, warn: keep, error: keep };
}

/** The real model code with short pauses, so that trouble is over soon. */
export function quickModels(overrides: Partial<ModelOptions> = {}): Models {
  return openModels({
    baseUrl: null,
    apiKey: null,
    model: null,
    probe: [],
    demo: false,
    maxTokens: 512,
    stallMs: 5_000,
    prefillMs: 5_000,
    log: lines(),
    pace: { backoffMs: 2, loadingPollMs: 5, loadingMs: 2_000, lookAgainMs: 20, demoPieceMs: 0 },
    ...overrides,
  });
}

/** One tool, as the agent would offer it. */
export const terminalTool: ToolSpec = {
  name: "terminal",
  description: "Run a shell command.",
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};

/** A request with one message of a person, or with these messages. */
export function asking(
  messages: string | readonly ModelMessage[] = "hello",
  tools: readonly ToolSpec[] = [terminalTool],
): ModelRequest {
  const said = typeof messages === "string" ? [{ role: "user" as const, content: messages }] : messages;
  return { messages: said, tools, toolChoice: "auto" };
}

/** All events of one stream. */
export function drain(
  model: Model,
  request: ModelRequest = asking(),
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  return Array.fromAsync(model.stream(request, signal));
}

/** The answer at the end of the events; throws when they ended otherwise. */
export function answerOf(events: readonly ModelEvent[]): ModelAnswer {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error(`no answer but ${JSON.stringify(last)}`);
  return last.answer;
}

/** The text that was shown while it streamed. */
export function shown(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}
