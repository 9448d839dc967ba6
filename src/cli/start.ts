import type { Define } from "./context.ts";
import { serve } from "./serve.ts";

/** `hermes start`. */
export const define: Define = (command, context) => {
  command.action(() => serve("all", context));
};
