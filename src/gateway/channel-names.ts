import type { NamedChannel } from "../core/adapter.ts";
import type { Db } from "../store/hold.ts";
import { nameChat } from "../store/schedule-targets.ts";

/** A platform that has told is asked again after this; one that has told nothing sooner, but ever later. */
const againMs = 300_000;
const firstMs = 10_000;

/** Keeps in the record what platforms call their channels, so that schedules can name them wherever they are made. */
export function createChannelNames(db: Db, clock: () => number = () => performance.now()) {
  const written = new Map<string, string>();
  const told = async (platform: string, channels: readonly NamedChannel[]): Promise<void> => {
    for (const { chat, name } of channels) {
      const key = `${platform}:${chat}`;
      if (written.get(key) === name) continue;
      await nameChat(db, { platform, chat, thread: null }, name);
      written.set(key, name);
    }
  };
  const asking = new Map<string, { readonly nextAt: number; readonly waitMs: number }>();
  return {
    /** Keeps what a platform has told by itself. */
    told,
    /** Asks a platform, unless it has been asked lately. */
    async look(platform: string, channels: () => Promise<readonly NamedChannel[]>): Promise<void> {
      const { nextAt, waitMs } = asking.get(platform) ?? { nextAt: 0, waitMs: firstMs };
      if (clock() < nextAt) return;
      const wait = Math.min(againMs, waitMs * 2);
      asking.set(platform, { nextAt: clock() + waitMs, waitMs: wait });
      const named = await channels();
      if (named.length > 0) asking.set(platform, { nextAt: clock() + againMs, waitMs: firstMs });
      await told(platform, named);
    },
  };
}
