import type { Errand } from "../src/core/errand.ts";
import type { AgentState, TurnEvent } from "../src/core/events.ts";
import type { Live } from "../src/core/live.ts";
import type { SandboxBackend } from "../src/core/sandbox.ts";
import type { Hold } from "../src/store/hold.ts";
import type { Turn } from "../src/store/turns.ts";

/** How often a wait is told of. */
const tellMs = 1_000;

/** Tells the chat what is waited for before a turn can begin: the sandbox's image, the first time. */
export async function tellingWaits<Result>(
  { sandboxes }: { readonly sandboxes: Pick<SandboxBackend, "open"> & { busy(): string | null } },
  emit: (event: TurnEvent) => void,
  task: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(() => {
    const text = sandboxes.busy();
    if (text !== null) emit({ type: "notice", text });
  }, tellMs);
  return await task().finally(() => clearInterval(timer));
}

/**
 * Says what a turn does to whoever shows its chat. An errand's turn has no chat: a subagent's says in a line what it is at, where the turn
 * that waits for it is shown; of others nobody hears.
 */
export function emitter(live: Live, hold: Hold, turn: Turn, errand: Errand | null): (event: TurnEvent) => void {
  if (errand !== null) return errand.shownIn === null ? () => undefined : agentLines(live, errand, turn.step);
  let seq = 0;
  const address = { turn: turn.id, chat: turn.request.chat, fence: hold.fence, replyTo: turn.request.messageId };
  return (event) => {
    seq += 1;
    live.publish({ ...address, seq, event });
  };
}

function agentLines(live: Live, errand: Errand, from: number): (event: TurnEvent) => void {
  let step = from;
  let asks = false;
  const say = (state: AgentState, doing = "") => tellOfAgent(live, errand, state, doing, step);
  return (event) => {
    switch (event.type) {
      case "started":
        return say("working");
      case "step":
        step = event.step;
        return say("working");
      case "tool.started":
        return say("working", event.preview);
      case "notice":
        return say("working", event.text);
      case "asks":
        asks = true;
        return;
      case "finished":
        // Its end is told of where it is landed: one that never began has one too.
        return event.end === "parked" && asks ? say("asking") : undefined;
      case "text":
      case "reasoning":
      case "reading":
      case "queued":
      case "tool.output":
      case "tool.finished":
      case "agent":
      case "titled":
      case "unwritten":
        return undefined;
    }
  };
}

/** One line of a subagent, in the view of the turn that waits for it. */
export function tellOfAgent(live: Live, errand: Errand, state: AgentState, doing: string, step: number): void {
  if (errand.shownIn === null) return;
  const name = `${errand.number} ${errand.terms.about}`;
  live.publish({ ...errand.shownIn, fence: 0, seq: 0, event: { type: "agent", agent: errand.id, name, state, doing, step } });
}
