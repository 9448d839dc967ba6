import type { Context, Define } from "./context.ts";
import { defineLogs } from "./logs/define.ts";

/** `hermes logs`: what the service has done, in words. */
export const define: Define = (command, context: Context, streams) => {
  defineLogs(command, context, { streams, which: null });
};
