import type { Define } from "./context.ts";
import { serve } from "./serve.ts";

/** `hermes worker`. */
export const define: Define = (command, context) => {
  command.option("--quiet", "print nothing; the log is in logs/ in the home");
  command.action(({ quiet = false }: { readonly quiet?: boolean }) => serve("worker", context, { quiet }));
};
