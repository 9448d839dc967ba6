import type { Define } from "./context.ts";
import { serve } from "./serve.ts";

/** `hermes gateway`. */
export const define: Define = (command, context) => {
  command.action(() => serve("gateway", context));
};
