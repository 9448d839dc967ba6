import type { Live } from "../core/live.ts";
import type { Log } from "../core/log.ts";
import { openLocalLive } from "./local.ts";
import { openRedisLive } from "./redis.ts";

export type LiveOptions =
  | { readonly kind: "local"; readonly log: Log }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string; readonly log: Log };

/** Live events: within the process, or over Redis between several. */
export function openLive(options: LiveOptions): Live {
  switch (options.kind) {
    case "local":
      return openLocalLive(options.log);
    case "redis":
      return openRedisLive(options.url, options.prefix, options.log);
  }
}
