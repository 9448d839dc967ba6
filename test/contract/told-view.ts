import { createView } from "../../adapters/view.ts";
import type { Adapter } from "../../src/core/adapter.ts";
import type { LiveEvent } from "../../src/core/events.ts";
import type { Live } from "../../src/core/live.ts";
import { openMetrics } from "../../src/insights/metrics.ts";
import { silent } from "./database-forms.ts";

/** The view of a gateway, told by hand what turns say. */
export async function toldView(adapter: Adapter) {
  const listeners: ((event: LiveEvent) => void)[] = [];
  const over = { close: async () => undefined };
  const live: Live = {
    publish: () => undefined,
    subscribe: async (_, listen) => (listeners.push(listen), over),
    signal: () => undefined,
    onSignal: async () => over,
    close: async () => undefined,
  };
  const previews = { keep: async () => undefined, find: async () => null };
  const toolProgress = async () => "all" as const;
  const view = await createView({ adapter, live, previews, metrics: openMetrics(), log: silent, toolProgress });
  const publish = (event: LiveEvent): void => {
    for (const listen of listeners) listen(event);
  };
  return { view, publish };
}
