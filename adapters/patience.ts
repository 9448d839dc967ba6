import type { Adapter, Inlet } from "../src/core/adapter.ts";
import { asFailure } from "../src/core/failures.ts";
import type { Log } from "../src/core/log.ts";

/** How long a platform that could not be started is left alone before the next attempt. */
const againMs = 60_000;

/** Starts a platform; when it can't be (a bad token, no network), says so and goes on trying in the background. */
export async function startPatiently(name: string, adapter: Adapter, inlet: Inlet, log: Log): Promise<{ cancel(): void }> {
  let timer: NodeJS.Timeout | null = null;
  let cancelled = false;
  const attempt = async (): Promise<void> => {
    try {
      await adapter.start(inlet);
      log.info({ platform: name }, `${name} is connected`);
    } catch (error) {
      if (cancelled) return;
      const { message, advice } = asFailure(error);
      log.error({ platform: name }, `${name} is not connected: ${[message, advice].filter(Boolean).join(" ")}`);
      timer = setTimeout(() => void attempt(), againMs);
    }
  };
  await attempt();
  return {
    cancel() {
      cancelled = true;
      if (timer) clearTimeout(timer);
    },
  };
}
