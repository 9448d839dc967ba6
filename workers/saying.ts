import type { Errand } from "../src/core/errand.ts";
import type { TurnEvent } from "../src/core/events.ts";
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

/** Says what a turn does to whoever shows its chat. An errand's turn has no chat: nobody hears of it. */
export function emitter(live: Live, hold: Hold, turn: Turn, errand: Errand | null): (event: TurnEvent) => void {
  let seq = 0;
  if (errand !== null) return () => undefined;
  const address = { turn: turn.id, chat: turn.request.chat, fence: hold.fence, replyTo: turn.request.messageId };
  return (event) => {
    seq += 1;
    live.publish({ ...address, seq, event });
  };
}
