import type { Delegating } from "../src/agent/delegating.ts";
import { formOf } from "../src/agent/output-schema.ts";
import type { Person } from "../src/core/chats.ts";
import type { Errand } from "../src/core/errand.ts";
import type { Turn } from "../src/store/turns.ts";
import { wakeErrand } from "./errands.ts";
import type { Place } from "./places.ts";
import { type TurnParts, turnQueue } from "./turn-parts.ts";

/** What a turn delegates with: its subagents are shown and ask in the chat that its own line of turns began in. */
export function delegatingFor(parts: TurnParts, place: Place, turn: Turn, person: Person, errand: Errand | null): Delegating {
  const { queues, log, delegation } = parts;
  const own = { turn: turn.id, chat: place.chat, replyTo: turn.request.messageId };
  return {
    person,
    kind: place.kind,
    chat: place.chat,
    shownIn: errand === null ? own : errand.shownIn,
    choice: place.choice,
    terms: errand?.terms ?? null,
    rules: () => delegation.rules(),
    modelNamed: (name) => delegation.modelNamed(person, name),
    wake: (session) => wakeErrand({ queues, log, turns: turnQueue }, "subagent", session),
  };
}

/** How an errand's answer is told that it does not have the form asked for. */
export function misfitFor(errand: Errand | null): (answer: string) => string | null {
  const schema = errand?.terms.outputSchema;
  if (schema === undefined) return () => null;
  const read = formOf(schema);
  return (answer) => {
    const fitted = read(answer);
    return fitted.ok ? null : fitted.problem;
  };
}
