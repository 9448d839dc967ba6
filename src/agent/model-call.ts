import type { TurnEvent } from "../core/events.ts";
import { Failure } from "../core/failures.ts";
import type { Model, ModelAnswer, ModelRequest } from "../core/model.ts";

/** How a model call ended, as the loop needs it. */
export type CallEnd =
  | { readonly type: "answer"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly failure: Failure; readonly partial: string }
  | { readonly type: "aborted"; readonly partial: string };

/** Drains one model stream, passing what the chat should see to `emit` in the same event-loop turn. */
export async function callModel(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
  emit: (event: TurnEvent) => void,
): Promise<CallEnd> {
  for await (const event of model.stream(request, signal)) {
    switch (event.type) {
      case "done":
        return { type: "answer", answer: event.answer };
      case "failed":
        return event;
      case "aborted":
        return event;
      case "text":
      case "reasoning":
      case "reading":
      case "queued":
      case "notice":
        emit(event);
        break;
    }
  }
  return { type: "failed", failure: new Failure("model.broken", "the model's stream ended without saying how"), partial: "" };
}
