import type { TurnEvent } from "../core/events.ts";
import { Failure } from "../core/failures.ts";
import type { Model, ModelAnswer, ModelEvent, ModelRequest } from "../core/model.ts";
import { watchRunaway } from "./runaway.ts";

/** How a model call ended, as the loop needs it. */
export type CallEnd =
  | { readonly type: "answer"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly failure: Failure; readonly partial: string }
  | { readonly type: "aborted"; readonly partial: string }
  /** It wrote the same block again and again and was stopped; `kept` is the text up to the first of them. */
  | { readonly type: "repeating"; readonly kept: string };

/**
 * Drains one model stream, passing what the chat should see to `emit` in the same event-loop turn. The text of an answer by a schema is
 * JSON and nothing for a chat.
 */
export async function callModel(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
  emit: (event: TurnEvent) => void,
  /** What comes of it counts from then on; where that fails, nothing does. */
  begun: Promise<void> = Promise.resolve(),
): Promise<CallEnd> {
  const control = new AbortController();
  const repetition = watchRepetition();
  const shown = request.schema === undefined;
  const events = model.stream(request, AbortSignal.any([signal, control.signal]));
  let awaited = false;
  for await (const event of events) {
    if (!awaited) await begun;
    awaited = true;
    switch (event.type) {
      case "done":
        if (control.signal.aborted) return { type: "repeating", kept: shown ? repetition.kept() : "" };
        return { type: "answer", answer: event.answer };
      case "failed":
        return shown ? event : { ...event, partial: "" };
      case "aborted":
        if (control.signal.aborted && !signal.aborted) return { type: "repeating", kept: shown ? repetition.kept() : "" };
        return shown ? event : { ...event, partial: "" };
      case "text":
      case "reasoning":
        if (control.signal.aborted) break;
        if (shown || event.type === "reasoning") emit(event);
        if (repetition.push(event)) control.abort();
        break;
      case "reading":
      case "queued":
      case "notice":
        emit(event);
        break;
    }
  }
  await begun;
  return { type: "failed", failure: new Failure("model.broken", "the model's stream ended without saying how"), partial: "" };
}

type Piece = ModelEvent & { readonly type: "text" | "reasoning" };

/** Text and thoughts each go in circles of their own; what is kept is text. */
function watchRepetition() {
  const watches = { text: watchRunaway(), reasoning: watchRunaway() };
  return { push: ({ type, delta }: Piece) => watches[type].push(delta), kept: () => watches.text.kept() };
}
