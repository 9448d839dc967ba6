import type { Define } from "./context.ts";
import { serve } from "./serve.ts";

/** `hermes worker`. */
export const define: Define = (command, context) => {
  command.action(() => serve("worker", context));
};
